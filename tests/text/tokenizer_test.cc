// Every shape of tokenizer.json against the ids and texts of Hugging Face tokenizers.
#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/atomic_file.h"
#include "io/json.h"
#include "support/shows.h"
#include "text/id_hash.h"

namespace relatum::text {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const fs::path kFixtures = fs::path(RELATUM_FIXTURES) / "text";

std::vector<std::string> shapes() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kFixtures)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// The row of docs/models.md whose kind of tokenizer a shape is; "" where it has none.
std::string row_of(const std::string& shape) {
  if (shape == "bpe_smollm") return "SmolLM2";
  if (shape == "bpe_llama3") return "Llama 3";
  if (shape == "bpe_qwen2") return "Qwen 2, 2.5";
  return shape.starts_with("word_piece") ? "BERT" : "";
}

/// Without those that run a pattern by ICU, whose Unicode version is not the reference's.
std::vector<std::string> shapes_without_icu() {
  std::vector<std::string> names = shapes();
  std::erase_if(names, [](const std::string& name) { return name.starts_with("bpe_split"); });
  return names;
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += char(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

void expect_case(const Tokenizer& tokenizer, const std::string& text, const json& expected) {
  SCOPED_TRACE(expected.dump().substr(0, 300));
  const std::vector<int32_t> ids = tokenizer.encode(text);
  EXPECT_EQ(json(ids), expected["ids"]);
  EXPECT_EQ(json(tokenizer.encode_with_special(text)), expected["whole"]);
  EXPECT_EQ(tokenizer.decode(ids), expected["decoded"].get<std::string>());
}

class TokenizerShape : public ::testing::TestWithParam<std::string> {
 protected:
  const fs::path folder_ = kFixtures / GetParam();
  const json expected_ = io::load_json(folder_ / "expected.json");
  const std::unique_ptr<Tokenizer> tokenizer_ = load_tokenizer(folder_);
};

TEST_P(TokenizerShape, EqualsReferenceOnHostileTexts) {
  testing::shows(row_of(GetParam()), {"tokenizer"});
  ASSERT_GT(expected_["texts"].size(), 60u);
  for (const json& expected : expected_["texts"]) {
    expect_case(*tokenizer_, expected["text"].get<std::string>(), expected);
  }
}

TEST_P(TokenizerShape, ReadsInvalidUtf8AsReplacementCharacters) {
  for (const json& expected : expected_["invalid"]) {
    expect_case(*tokenizer_, from_hex(expected["hex"].get<std::string>()), expected);
  }
}

class TokenizerSweep : public TokenizerShape {};

TEST_P(TokenizerSweep, EqualsReferenceOnEveryCodePoint) {
  EXPECT_EQ(testing::hash_of(*tokenizer_, testing::sweep()), expected_["sweep"]);
}

INSTANTIATE_TEST_SUITE_P(All, TokenizerShape, ::testing::ValuesIn(shapes()),
                         [](const auto& shape) { return shape.param; });

INSTANTIATE_TEST_SUITE_P(All, TokenizerSweep, ::testing::ValuesIn(shapes_without_icu()),
                         [](const auto& shape) { return shape.param; });

TEST(Tokenizer, NamesItsTokens) {
  const auto tokenizer = load_tokenizer(kFixtures / "bpe_smollm");
  const int32_t end = tokenizer->find("<|end|>").value();
  EXPECT_EQ(tokenizer->token(end), "<|end|>");
  EXPECT_LT(end, tokenizer->vocab_size());
  EXPECT_EQ(tokenizer->token(tokenizer->vocab_size()), "");
  EXPECT_EQ(tokenizer->token(-1), "");
  EXPECT_FALSE(tokenizer->find("no such token").has_value());
  const std::vector<int32_t> ids = {-5, end, 1 << 30};
  EXPECT_EQ(tokenizer->decode(ids), "");
}

TEST(Tokenizer, DecodesHalfACharacterToReplacement) {
  const auto tokenizer = load_tokenizer(kFixtures / "bpe_smollm");
  std::vector<int32_t> ids = tokenizer->encode("x\U0001f3fd");
  ids.pop_back();
  EXPECT_EQ(tokenizer->decode(ids), "x\ufffd");
}

TEST(Tokenizer, ServesThreadsAtOnce) {
  const auto tokenizer = load_tokenizer(kFixtures / "bpe_llama3");
  const std::string text = "Marie founded the workshop in 1987 and sold it in 2003.";
  const std::vector<int32_t> expected = tokenizer->encode(text);
  std::vector<std::thread> threads;
  std::vector<int> equal(4, 0);
  for (int& count : equal) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) count += tokenizer->encode(text) == expected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(equal, std::vector<int>(4, 50));
}

}  // namespace
}  // namespace relatum::text
