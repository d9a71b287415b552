// The real models' tokenizers against Hugging Face's ids (as hashes) on whole corpora.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/atomic_file.h"
#include "io/json.h"
#include "support/shared.h"
#include "support/shows.h"
#include "text/id_hash.h"
#include "text/tokenizer.h"

namespace relatum::text {
namespace {

using nlohmann::json;

json expected(const std::string& model) {
  return io::load_json(RELATUM_FIXTURES "/text/corpora.json")[model];
}

std::string repeat(std::string_view part, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += part;
  return out;
}

std::string joined(const json& words) {
  std::string out;
  for (const json& word : words) out += (out.empty() ? "" : " ") + word.get<std::string>();
  return out;
}

/// The texts of a SemEval, CrossRE or TACRED file.
std::vector<std::string> texts_of(const std::filesystem::path& path) {
  std::vector<std::string> texts;
  if (path.parent_path().filename() == "tacred") {
    for (const json& example : io::load_json(path)) texts.push_back(joined(example["token"]));
    return texts;
  }
  std::istringstream lines(read_file(path));
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const size_t tab = line.find('\t');
    if (line.starts_with("{")) {
      texts.push_back(joined(io::parse_json(line, path.string())["sentence"]));
    } else if (tab != std::string::npos && tab > 0 && line.find_first_not_of("0123456789") == tab) {
      texts.push_back(line.substr(tab + 1));
    }
  }
  return texts;
}

struct Model {
  const char* name;
  const char* path;
  const char* row;  // of docs/models.md
};

class Corpora : public ::testing::TestWithParam<Model> {
 protected:
  void SetUp() override {
    testing::shows(GetParam().row, {"tokenizer"});
    const auto path = testing::model_file(GetParam().path);
    RELATUM_NEEDS(path);
    tokenizer_ = load_tokenizer(*path);
  }
  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_P(Corpora, EqualsReferenceOnEveryCorpus) {
  RELATUM_NEEDS(testing::shared_file("semeval2010/TRAIN_FILE.TXT"));
  int files = 0;
  const json hashes = expected(GetParam().name);
  for (const auto& [file, hash] : hashes.items()) {
    if (file.find('/') == std::string::npos) continue;
    const auto path = testing::shared_file(file);
    ASSERT_TRUE(path) << file;
    EXPECT_EQ(testing::hash_of(*tokenizer_, texts_of(*path)), hash) << file;
    ++files;
  }
  EXPECT_EQ(files, 23);  // 2 of SemEval, 18 of CrossRE, 3 of TACRED
}

TEST_P(Corpora, EqualsReferenceOnEveryCodePoint) {
  EXPECT_EQ(testing::hash_of(*tokenizer_, testing::sweep()), expected(GetParam().name)["sweep"]);
}

TEST_P(Corpora, EqualsReferenceOnAMillionBytesWithoutASpace) {
  constexpr size_t kMillion = 1 << 20;
  const std::vector<std::string> texts = {repeat("a", kMillion),
                                          repeat(" ", kMillion) + "x",
                                          repeat("\r\n", kMillion / 2),
                                          repeat("e\u0301", kMillion / 3),
                                          "a" + repeat("\u0301\u0323", kMillion / 4),
                                          repeat("\u4e2d", kMillion / 3),
                                          repeat("7", kMillion),
                                          repeat("abcdefghijk", kMillion / 11),
                                          std::string(kMillion, '\0'),
                                          repeat(".", kMillion)};
  EXPECT_EQ(testing::hash_of(*tokenizer_, texts), expected(GetParam().name)["big"]);
}

INSTANTIATE_TEST_SUITE_P(
    Models, Corpora,
    ::testing::Values(Model{"smollm2", "smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf",
                            "SmolLM2"},
                      Model{"minilm", "all-minilm-l6-v2", "BERT"}),
    [](const auto& model) { return std::string(model.param.name); });

TEST(RealModels, SmolLm2IsDescribedByItsFile) {
  const auto path = testing::model_file("smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
  RELATUM_NEEDS(path);
  const auto tokenizer = load_tokenizer(*path);
  EXPECT_EQ(tokenizer->kind(), "byte-level BPE (smollm)");
  EXPECT_EQ(tokenizer->vocab_size(), 49152);
  EXPECT_EQ(tokenizer->special().eos, 2);
  EXPECT_EQ(tokenizer->special().bos, 1);
  EXPECT_TRUE(tokenizer->before().empty());
  EXPECT_TRUE(tokenizer->after().empty());
}

TEST(RealModels, MiniLmFolderAndItsVocabTxtAgree) {
  const auto folder = testing::model_file("all-minilm-l6-v2");
  RELATUM_NEEDS(folder);
  const auto whole = load_tokenizer(*folder);
  EXPECT_EQ(whole->kind(), "WordPiece uncased");
  EXPECT_EQ(whole->special().cls, 101);
  EXPECT_EQ(whole->special().sep, 102);
  EXPECT_EQ(whole->encode_with_special(""), (std::vector<int32_t>{101, 102}));
}

}  // namespace
}  // namespace relatum::text
