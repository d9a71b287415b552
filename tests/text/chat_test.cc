// Chat templates, our own and published ones; expected texts are jinja2's.
#include "text/chat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "io/json.h"
#include "support/error_of.h"
#include "support/shared.h"
#include "support/temporary.h"

namespace relatum::text {
namespace {

using ::testing::HasSubstr;

/// A tokenizer whose BOS is "<s>" and EOS "</s>", with a chat template.
std::unique_ptr<Tokenizer> tokenizer_with(const std::string& chat_template) {
  const testing::TemporaryFolder folder;
  write_file(folder / "vocab.txt", "[UNK]\n[CLS]\n[SEP]\n<s>\n</s>\n");
  const nlohmann::json config = {
      {"bos_token", "<s>"}, {"eos_token", "</s>"}, {"chat_template", chat_template}};
  write_file(folder / "tokenizer_config.json", io::dump_json(config));
  return load_tokenizer(folder.path());
}

std::string chat(const std::string& chat_template) {
  return apply_chat(ChatTemplate::of(*tokenizer_with(chat_template)), " Hi {x} \n");
}

const std::string kLlama3 =
    "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m.role + "
    "'<|end_header_id|>\n\n' + m.content | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}"
    "{% endif %}";

TEST(Chat, TheTemplateWritesTheWholePrompt) {
  EXPECT_EQ(chat(kLlama3),
            "<s><|start_header_id|>user<|end_header_id|>\n\nHi {x}<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n");
  EXPECT_EQ(chat("{% for m in messages %}{{ '[INST] ' + m['content'] + ' [/INST]' }}{% endfor %}"),
            "[INST]  Hi {x} \n [/INST]");
}

TEST(Chat, TransformersVariablesAreSet) {
  EXPECT_EQ(chat("{{ bos_token }} {{ eos_token }} {{ pad_token is defined }} {{ tools }} "
                 "{{ documents is none }} {{ add_generation_prompt }} {{ messages|length }} "
                 "{{ messages[0] }}"),
            "<s> </s> False None True True 1 {'role': 'user', 'content': ' Hi {x} \\n'}");
}

TEST(Chat, TheHashIsOfWhatIsWritten) {
  const auto hash = [](const std::string& source) { return chat_hash(*tokenizer_with(source)); };
  const std::string plain = "{{ 'a' + messages[0]['content'] }}";
  EXPECT_EQ(hash(plain), hash("a{% for m in messages %}{{ m.content }}{% endfor %}"));
  EXPECT_NE(hash(plain), hash("{{ 'b' + messages[0]['content'] }}"));
}

std::vector<ChatMessage> messages_of(const nlohmann::json& list) {
  std::vector<ChatMessage> messages;
  for (const auto& one : list) {
    messages.push_back({one.at("role"), {one.at("content").get<std::string>(), {}}});
  }
  return messages;
}

/// Tokens of the names and texts that a case names, a template, and its conversation.
std::string rendered(const nlohmann::json& one, const std::string& source) {
  jinja::Variables more;
  for (const char* name : {"bos_token", "eos_token"}) more[name] = jinja::from_json(one.at(name));
  if (one.contains("variables")) {
    for (const auto& [name, value] : one["variables"].items()) more[name] = jinja::from_json(value);
  }
  return ChatTemplate::of(*tokenizer_with(source))
      .render(messages_of(one.at("messages")), one.at("add_generation_prompt"), more)
      .text;
}

void expect_rendered(const nlohmann::json& one, const std::string& source,
                     const nlohmann::json& expected, const nlohmann::json& error) {
  std::string text;
  const std::string refusal = testing::error_of([&] { text = rendered(one, source); });
  if (expected.is_null()) {
    EXPECT_THAT(refusal, HasSubstr(error.get<std::string>())) << source;
  } else {
    EXPECT_EQ(refusal, "") << source;
    EXPECT_EQ(text, expected.get<std::string>()) << source;
  }
}

TEST(Chat, PublishedTemplatesAreWrittenAsJinjaDoes) {
  const auto file = testing::shared_file("tokenizers/chat/renderings.jsonl");
  RELATUM_NEEDS(file);
  std::ifstream lines(*file);
  int compared = 0;
  for (std::string line; std::getline(lines, line); ++compared) {
    const auto one = nlohmann::json::parse(line);
    const std::string name = one["template"].get<std::string>() + ".jinja";
    SCOPED_TRACE(name);
    expect_rendered(one, read_file(file->parent_path() / "templates" / name),
                    one.value("expected", nlohmann::json()), one.value("error", nlohmann::json()));
  }
  EXPECT_GT(compared, 200);
}

TEST(Chat, LlamaCppsCasesAreWrittenAsJinjaDoes) {
  const auto file = testing::shared_file("tokenizers/chat/llamacpp-cases.jsonl");
  RELATUM_NEEDS(file);
  std::ifstream lines(*file);
  int compared = 0;
  for (std::string line; std::getline(lines, line); ++compared) {
    const auto one = nlohmann::json::parse(line);
    SCOPED_TRACE(one["name"].get<std::string>());
    expect_rendered(one, one.at("template"), one.at("jinja2"), one.at("jinja2_error"));
  }
  EXPECT_GT(compared, 10);
}

TEST(Chat, RefusesWhatItDoesNotKnow) {
  const auto error = [](const std::string& source) {
    return testing::error_of([&] { chat(source); });
  };
  EXPECT_THAT(error(""), HasSubstr("no chat template"));
  EXPECT_THAT(error("{{ messages|xyz }}"), HasSubstr("uses the filter 'xyz'"));
  EXPECT_THAT(error("{{ strftime_now('%d') }}"), HasSubstr("strftime_now"));
  EXPECT_THAT(error("{{ raise_exception('Only systems!') }}"), HasSubstr("'Only systems!'"));
}

TEST(RealModels, SmolLm2ChatIsItsTemplates) {
  const auto path = testing::model_file("smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
  RELATUM_NEEDS(path);
  const auto tokenizer = load_tokenizer(*path);
  const std::string prompt = apply_chat(ChatTemplate::of(*tokenizer), " Hi  ");
  EXPECT_EQ(prompt,
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
            "Face<|im_end|>\n<|im_start|>user\n Hi  <|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(tokenizer->encode(prompt).front(), 1);  // the marker is one token, not its letters
}

}  // namespace
}  // namespace relatum::text
