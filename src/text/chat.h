// Wraps a user's message in the chat format of well-known model families.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace relatum::text {

/// Chat formats that are recognised by the markers in a model's own template.
enum class ChatFamily { kChatMl, kLlama2, kLlama3, kMistral, kGemma, kZephyr };

/// A recognised template: the family and what this model fills in.
struct ChatTemplate {
  ChatFamily family = ChatFamily::kChatMl;
  std::string system;       ///< ChatML's default system message; empty: none
  std::string bos, eos;     ///< texts of these tokens; bos is empty where the template has none
  std::string open, close;  ///< Mistral's "[INST]" and "[/INST]" with the model's own spaces
};

/// Reads the tokenizer's chat template. There is no Jinja engine: a template of another family,
/// or one that writes dates or thinking instructions, is refused by an Error that says so.
ChatTemplate recognise_chat(const Tokenizer& tokenizer);

/// A wrapped message, and which of its bytes come from data.
struct ChatText {
  std::string text;
  std::vector<DataRange> data;
};

/// The prompt for one user message up to where the model's answer begins: what transformers'
/// apply_chat_template gives with add_generation_prompt=True. It brings its own BOS text: encode
/// it with encode(), not encode_with_special().
/// `data`: the message's bytes that come from data.
ChatText apply_chat(const ChatTemplate& chat, std::string_view user_message,
                    std::span<const DataRange> data);
std::string apply_chat(const ChatTemplate& chat, std::string_view user_message);
/// SHA-256 of what the tokenizer's template puts around a message, however it is written.
std::string chat_hash(const Tokenizer& tokenizer);

/// For messages: "ChatML", "Llama 3", …
std::string_view chat_name(ChatFamily family);

}  // namespace relatum::text
