// Markers of the chat families, and their formats.
#include "text/chat.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/hash.h"

namespace relatum::text {
namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// The families are told apart by markers of which each has one that those before it lack.
std::optional<ChatFamily> family_of(std::string_view source) {
  if (has(source, "<|im_start|>")) return ChatFamily::kChatMl;
  if (has(source, "<|start_header_id|>")) return ChatFamily::kLlama3;
  if (has(source, "<start_of_turn>")) return ChatFamily::kGemma;
  if (has(source, "[INST]")) {
    return has(source, "<<SYS>>") ? ChatFamily::kLlama2 : ChatFamily::kMistral;
  }
  if (has(source, "<|user|>") && has(source, "<|assistant|>") && has(source, "eos_token")) {
    return ChatFamily::kZephyr;
  }
  return std::nullopt;
}

/// Templates spell a line end as it is or as a backslash and n.
std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '\\' && i + 1 < text.size();
    if (escaped && text[i + 1] == 'n') out += '\n';
    else if (escaped) out += text[i + 1];
    else out += text[i];
    if (escaped) ++i;
  }
  return out;
}

/// The system message that a ChatML template spells out for conversations that bring none.
std::string default_system(std::string_view source) {
  constexpr std::string_view kStart = "<|im_start|>system", kEnd = "<|im_end|>";
  for (size_t at = source.find(kStart); at != source.npos; at = source.find(kStart, at + 1)) {
    const size_t begin = at + kStart.size();
    const size_t end = source.find(kEnd, begin);
    if (end == source.npos) break;
    const std::string_view literal = source.substr(begin, end - begin);
    // A quote or a brace: the message is computed here, not spelt out.
    if (literal.find_first_of("'\"{}") != literal.npos) continue;
    const std::string text = unescape(literal);
    if (text.size() > 1 && text.front() == '\n') return text.substr(1);
  }
  return "";
}

std::string token_text(const Tokenizer& tokenizer, std::optional<int32_t> id) {
  return id ? std::string(tokenizer.token(*id)) : std::string();
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == text.npos) return text.substr(text.size());
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

/// What stands around a user's message, and whether its white space goes.
struct Frame {
  std::string before, after;
  bool trims = false;
};

Frame frame_of(const ChatTemplate& chat) {
  switch (chat.family) {
    case ChatFamily::kChatMl: {
      std::string system;
      if (!chat.system.empty()) {
        system = fmt::format("<|im_start|>system\n{}<|im_end|>\n", chat.system);
      }
      return {chat.bos + system + "<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"};
    }
    case ChatFamily::kLlama2: return {chat.bos + "[INST] ", " [/INST]", true};
    case ChatFamily::kLlama3:
      return {chat.bos + "<|start_header_id|>user<|end_header_id|>\n\n",
              "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", true};
    case ChatFamily::kMistral: return {chat.bos + chat.open, chat.close};
    case ChatFamily::kGemma:
      return {chat.bos + "<start_of_turn>user\n", "<end_of_turn>\n<start_of_turn>model\n", true};
    case ChatFamily::kZephyr: return {"<|user|>\n", chat.eos + "\n<|assistant|>\n"};
  }
  return {};
}

}  // namespace

std::string_view chat_name(ChatFamily family) {
  switch (family) {
    case ChatFamily::kChatMl: return "ChatML";
    case ChatFamily::kLlama2: return "Llama 2";
    case ChatFamily::kLlama3: return "Llama 3";
    case ChatFamily::kMistral: return "Mistral";
    case ChatFamily::kGemma: return "Gemma";
    case ChatFamily::kZephyr: return "Zephyr";
  }
  return "unknown";
}

ChatTemplate recognise_chat(const Tokenizer& tokenizer) {
  const std::string& source = tokenizer.chat_template();
  if (source.empty()) {
    fail("text.chat",
         "the model has no chat template. Leave --chat out: the prompt is then sent "
         "as it is.");
  }
  const auto family = family_of(source);
  if (!family) {
    fail("text.chat", fmt::format("the model's chat template (it begins '{}') is of no known "
                                  "family. Known: ChatML, Llama 2, Llama 3, Mistral, Gemma, "
                                  "Zephyr. Leave --chat out.",
                                  source.substr(0, 60)));
  }
  for (const std::string_view part : {"strftime_now", "date_string", "reasoning_mode"}) {
    if (!has(source, part)) continue;
    fail("text.chat", fmt::format("the model's chat template ({}) writes a system message that "
                                  "depends on '{}', which is not supported. Leave --chat out.",
                                  chat_name(*family), part));
  }
  const bool own_turn = has(source, "bos_token + '[INST] '") &&
                        (has(source, "strip") || has(source, "trim"));
  if (*family == ChatFamily::kLlama2 && !own_turn) {
    fail("text.chat",
         "the model's chat template has Llama 2's markers, but writes a user's turn "
         "in another way, which is not supported. Leave --chat out.");
  }
  ChatTemplate chat;
  chat.family = *family;
  if (*family == ChatFamily::kChatMl) chat.system = default_system(source);
  // Templates name bos_token or spell it out; ChatML's rarely have one, though their messages'
  // marker may be the BOS itself.
  const std::string bos = token_text(tokenizer, tokenizer.special().bos);
  const bool spelt = *family != ChatFamily::kChatMl && !bos.empty() && has(source, bos);
  if (has(source, "bos_token") || spelt) chat.bos = bos;
  chat.eos = token_text(tokenizer, tokenizer.special().eos);
  chat.open = has(source, "[INST] ") ? "[INST] " : "[INST]";
  if (has(source, "' [INST] '") || has(source, "\" [INST] \"")) chat.open = " [INST] ";
  chat.close = has(source, " [/INST]") ? " [/INST]" : "[/INST]";
  return chat;
}

ChatText apply_chat(const ChatTemplate& chat, std::string_view user_message,
                    std::span<const DataRange> data) {
  const Frame frame = frame_of(chat);
  const std::string_view message = frame.trims ? trim(user_message) : user_message;
  const auto cut = size_t(message.data() - user_message.data());
  ChatText result{fmt::format("{}{}{}", frame.before, message, frame.after), {}};
  for (const DataRange& range : data) {
    const size_t begin = std::max(range.begin, cut);
    const size_t end = std::min(range.end, cut + message.size());
    if (begin >= end) continue;
    result.data.push_back({begin - cut + frame.before.size(), end - cut + frame.before.size()});
  }
  return result;
}

std::string apply_chat(const ChatTemplate& chat, std::string_view user_message) {
  return apply_chat(chat, user_message, {}).text;
}

std::string chat_hash(const Tokenizer& tokenizer) {
  const std::string wrapped = apply_chat(recognise_chat(tokenizer), "message");
  return sha256(std::as_bytes(std::span(wrapped)));
}

}  // namespace relatum::text
