// Wraps messages as a model's own chat template has it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/jinja.h"
#include "text/marked_text.h"
#include "text/tokenizer.h"

namespace relatum::text {

/// A text as the model is to read it, and which of its bytes come from data.
using ChatText = MarkedText;

struct ChatMessage {
  std::string role;  ///< "system", "user" or "assistant"
  ChatText content;
};

/// A tokenizer's chat template, rendered as transformers' apply_chat_template does it; text/jinja.h
/// says what is known of its language.
class ChatTemplate {
 public:
  /// Throws Error where the tokenizer has none, and naming what a template has that is not known.
  static ChatTemplate of(const Tokenizer& tokenizer);

  /// The conversation's text, with what begins the model's answer where `answers` is set
  /// (add_generation_prompt). It brings its own BOS text: encode it with encode(), not with
  /// encode_with_special(). `more`: variables beside those that transformers sets. There is no
  /// date: a template that asks whether strftime_now is defined takes its own instead, and one
  /// that calls it is refused. Throws Error with the template's own words where it takes no such
  /// conversation.
  ChatText render(std::span<const ChatMessage> messages, bool answers,
                  const jinja::Variables& more = {}) const;

 private:
  ChatTemplate(jinja::Template parsed, jinja::Variables tokens)
      : parsed_(std::move(parsed)), tokens_(std::move(tokens)) {}

  jinja::Template parsed_;
  jinja::Variables tokens_;  // bos_token and so on, those that the tokenizer has
};

/// The prompt for one user message up to where the model's answer begins. `data`: the message's
/// bytes that come from data.
ChatText apply_chat(const ChatTemplate& chat, std::string_view user_message,
                    std::span<const DataRange> data);
std::string apply_chat(const ChatTemplate& chat, std::string_view user_message);
/// SHA-256 of what the tokenizer's template puts around a message, however it is written.
std::string chat_hash(const Tokenizer& tokenizer);

}  // namespace relatum::text
