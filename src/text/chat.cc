// What a chat template is given: messages, special tokens and transformers' other variables.
#include "text/chat.h"

#include <optional>

#include "base/error.h"
#include "base/hash.h"

namespace relatum::text {
namespace {

using jinja::Value;

Value message_value(const ChatMessage& message) {
  return Value::dict({{Value::text("role"), Value::text(message.role)},
                      {Value::text("content"), Value::text(message.content)}});
}

/// The texts of special tokens, by transformers' names for them.
jinja::Variables token_texts(const Tokenizer& tokenizer) {
  const SpecialIds& ids = tokenizer.special();
  jinja::Variables tokens;
  const auto add = [&](const char* name, std::optional<int32_t> id) {
    if (id) tokens[name] = Value::text(tokenizer.token(*id));
  };
  add("bos_token", ids.bos);
  add("eos_token", ids.eos);
  add("unk_token", ids.unk);
  add("pad_token", ids.pad);
  add("cls_token", ids.cls);
  add("sep_token", ids.sep);
  return tokens;
}

}  // namespace

ChatTemplate ChatTemplate::of(const Tokenizer& tokenizer) {
  if (tokenizer.chat_template().empty()) {
    fail("text.chat",
         "the model has no chat template. Leave --chat out: the prompt is then sent "
         "as it is.");
  }
  return {jinja::Template::parse(tokenizer.chat_template()), token_texts(tokenizer)};
}

ChatText ChatTemplate::render(std::span<const ChatMessage> messages, bool answers,
                              const jinja::Variables& more) const {
  jinja::Variables variables = tokens_;
  std::vector<Value> list;
  for (const ChatMessage& message : messages) list.push_back(message_value(message));
  variables["messages"] = Value::list(std::move(list));
  variables["add_generation_prompt"] = Value::Kinds(answers);
  variables["tools"] = Value::Kinds(jinja::None{});
  variables["documents"] = Value::Kinds(jinja::None{});
  for (const auto& [name, value] : more) variables[name] = value;
  return parsed_.render(std::move(variables));
}

ChatText apply_chat(const ChatTemplate& chat, std::string_view user_message,
                    std::span<const DataRange> data) {
  const ChatMessage message{"user", {std::string(user_message), {data.begin(), data.end()}}};
  return chat.render({&message, 1}, true);
}

std::string apply_chat(const ChatTemplate& chat, std::string_view user_message) {
  return apply_chat(chat, user_message, {}).text;
}

std::string chat_hash(const Tokenizer& tokenizer) {
  const std::string wrapped = apply_chat(ChatTemplate::of(tokenizer), "message");
  return sha256(std::as_bytes(std::span(wrapped)));
}

}  // namespace relatum::text
