// Chat formats; the expected texts are what transformers' apply_chat_template printed.
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
  return apply_chat(recognise_chat(*tokenizer_with(chat_template)), " Hi {x} \n");
}

TEST(Chat, WritesTheKnownFamilies) {
  EXPECT_EQ(chat("{{ bos_token + '<|start_header_id|>' + m.role + '<|end_header_id|>' }}"),
            "<s><|start_header_id|>user<|end_header_id|>\n\nHi {x}<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n");
  EXPECT_EQ(chat("{{ bos_token }}{{ '[INST] ' + m.content + ' [/INST]' }}"),
            "<s>[INST]  Hi {x} \n [/INST]");
  EXPECT_EQ(chat("{{ bos_token }}{{ '[INST]' + m.content + '[/INST]' }}"),
            "<s>[INST] Hi {x} \n[/INST]");
  EXPECT_EQ(chat("{{ '<<SYS>>' + s }}{{ bos_token + '[INST] ' + m.content.strip() }}"),
            "<s>[INST] Hi {x} [/INST]");
  EXPECT_EQ(chat("{{ bos_token }}{{ '<start_of_turn>' + role }}"),
            "<s><start_of_turn>user\nHi {x}<end_of_turn>\n<start_of_turn>model\n");
  EXPECT_EQ(chat("{{ '<|user|>' + m.content + eos_token }}{{ '<|assistant|>' }}"),
            "<|user|>\n Hi {x} \n</s>\n<|assistant|>\n");
}

TEST(Chat, FindsChatMlsDefaultSystemMessage) {
  const std::string rest = "<|im_start|>user\n Hi {x} \n<|im_end|>\n<|im_start|>assistant\n";
  EXPECT_EQ(chat("{{ '<|im_start|>' + m.role }}"), rest);
  EXPECT_EQ(chat("{{ '<|im_start|>system\\n' + m.content + '<|im_end|>' }}"), rest);
  EXPECT_EQ(chat("{{ '<|im_start|>system\\n' + m.content + '<|im_end|>\\n' }}"
                 "{{ '<|im_start|>system\\nBe brief.\\nBe kind.<|im_end|>\\n' }}"),
            "<|im_start|>system\nBe brief.\nBe kind.<|im_end|>\n" + rest);
}

TEST(Chat, PublishedTemplatesAreWrittenAsJinjaDoesOrRefused) {
  const auto file = testing::shared_file("tokenizers/chat/renderings.jsonl");
  RELATUM_NEEDS(file);
  std::ifstream lines(*file);
  int compared = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto one = nlohmann::json::parse(line);
    const auto& messages = one["messages"];
    if (!one["add_generation_prompt"] || messages.size() != 1) continue;
    if (!one["variables"].empty() || !one.contains("expected")) continue;
    if (messages[0]["role"] != "user" || !messages[0]["content"].is_string()) continue;
    if (one["bos_token"] != "<s>" || one["eos_token"] != "</s>") continue;
    const std::string name = one["template"].get<std::string>() + ".jinja";
    const auto tokenizer = tokenizer_with(read_file(file->parent_path() / "templates" / name));
    try {
      const ChatTemplate chat = recognise_chat(*tokenizer);
      const std::string content = messages[0]["content"];
      EXPECT_EQ(apply_chat(chat, content), one["expected"].get<std::string>()) << name;
      ++compared;
    } catch (const Error&) {
    }
  }
  EXPECT_GT(compared, 6);
}

TEST(Chat, RefusesWhatItDoesNotKnow) {
  const auto error = [](const std::string& source) {
    return testing::error_of([&] { chat(source); });
  };
  EXPECT_THAT(error(""), HasSubstr("no chat template"));
  EXPECT_THAT(error("### User: {{ m }}"), HasSubstr("'### User: {{ m }}'"));
  EXPECT_THAT(error("<|start_header_id|>{{ strftime_now('%d') }}"), HasSubstr("strftime_now"));
}

TEST(RealModels, SmolLm2ChatIsItsTemplates) {
  const auto path = testing::model_file("smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
  RELATUM_NEEDS(path);
  const auto tokenizer = load_tokenizer(*path);
  const std::string prompt = apply_chat(recognise_chat(*tokenizer), " Hi  ");
  EXPECT_EQ(prompt,
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
            "Face<|im_end|>\n<|im_start|>user\n Hi  <|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(tokenizer->encode(prompt).front(), 1);  // the marker is one token, not its letters
}

}  // namespace
}  // namespace relatum::text
