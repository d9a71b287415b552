// XLM-R's tokenizer in its three forms of file: a tiny one of our own, and the published pieces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "io/gguf.h"
#include "io/json.h"
#include "support/error_of.h"
#include "support/shared.h"
#include "support/shows.h"
#include "support/temporary.h"
#include "support/tolerance.h"
#include "text/piece_model.h"
#include "text/tokenizer.h"

namespace relatum::text {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;
using Ids = std::vector<int32_t>;

const fs::path kTiny = fs::path(RELATUM_FIXTURES) / "encoders/xlm_roberta";
constexpr const char* kModelFile = "sentencepiece.bpe.model";

// The four that stand around text, which SentencePiece numbers otherwise, and the mask.
constexpr size_t kFirst = 4;

class TinyXlm : public ::testing::Test {
 protected:
  std::unique_ptr<Tokenizer> load() const { return load_tokenizer(folder_.path()); }
  testing::TemporaryFolder folder_;
};

TEST_F(TinyXlm, TheModelFileHasTheIdsOfTokenizerJson) {
  testing::shows("XLM-RoBERTa", {"tokenizer"});
  const auto whole = load_tokenizer(kTiny);
  fs::copy(kTiny / kModelFile, folder_ / kModelFile);
  const auto alone = load();
  ASSERT_EQ(alone->vocab_size(), whole->vocab_size());
  for (int32_t id = 0; id < whole->vocab_size(); ++id) {
    EXPECT_EQ(alone->token(id), whole->token(id)) << id;
  }
  for (const char* text : {"", " ", "a", "The river  rises", "two cats, not 1!",
                           "\u00e9 unknown \u00e9", "a <mask> b", "<s>a</s>", "x<pad>"}) {
    EXPECT_EQ(alone->encode_with_special(text), whole->encode_with_special(text)) << text;
    EXPECT_EQ(alone->encode_data(text), whole->encode_data(text)) << text;
    // The library takes a space at the start away, also behind a token that is not shown.
    if (*text == '\xc3') continue;
    EXPECT_EQ(alone->decode(alone->encode(text)), whole->decode(whole->encode(text))) << text;
  }
  EXPECT_EQ(alone->special().unk, 3);
  EXPECT_EQ(alone->special().pad, 1);
  EXPECT_EQ(alone->encode_with_special("").size(), 2u);
  EXPECT_THAT(alone->encode_data("a <mask>"), Not(Contains(alone->vocab_size() - 1)));
}

TEST_F(TinyXlm, AModelWithOtherFirstPiecesIsRefused) {
  PieceModel model = parse_piece_model(read_file(kTiny / kModelFile), "x");
  model.pieces[1] = {"<bos>", 0, kNormalToken};
  write_file(folder_ / kModelFile, piece_model_bytes(model));
  EXPECT_THAT(testing::error_of([&] { load(); }), HasSubstr("as XLM-R's models have them"));
  fs::copy(kTiny / kModelFile, folder_ / kModelFile, fs::copy_options::overwrite_existing);
  write_file(folder_ / "tokenizer_config.json", R"({"tokenizer_class": "CamembertTokenizer"})");
  EXPECT_THAT(testing::error_of([&] { load(); }), HasSubstr("XLMRobertaTokenizer"));
}

/// The published pieces as a GGUF file and, made from it, in the other forms.
class PublishedXlm : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::shows("XLM-RoBERTa", {"tokenizer"});
    path_ = testing::shared_file("tokenizers/xlm-r/ggml-vocab-nomic-bert-moe.gguf");
    cases_ = testing::shared_file("tokenizers/cases/xlm-r.jsonl");
    RELATUM_NEEDS(path_);
    RELATUM_NEEDS(cases_);
    const auto file = io::GgufFile::open(*path_);
    for (const auto& text : file.get_strings("tokenizer.ggml.tokens")) {
      if (tokens_.size() < 250'002) tokens_.emplace_back(text);  // more is padding of the table
    }
    scores_ = file.get_doubles("tokenizer.ggml.scores");
    const auto& map = file.find("tokenizer.ggml.precompiled_charsmap")->raw;
    map_.assign(reinterpret_cast<const char*>(map.data()), map.size());
  }

  std::unique_ptr<Tokenizer> from_model() {
    PieceModel model;
    model.spaces.char_map = map_;
    model.pieces = {
        {"<unk>", 0, kUnknownToken}, {"<s>", 0, kControlToken}, {"</s>", 0, kControlToken}};
    for (size_t id = kFirst; id + 1 < tokens_.size(); ++id) {
      model.pieces.push_back({tokens_[id], float(scores_[id]), kNormalToken});
    }
    write_file(folder_ / kModelFile, piece_model_bytes(model));
    return load_tokenizer(folder_.path());
  }

  std::unique_ptr<Tokenizer> from_json() {
    json vocab = json::array();
    for (size_t id = 0; id < tokens_.size(); ++id) vocab.push_back({tokens_[id], scores_[id]});
    std::string map(map_.size() / 3 * 4 + 8, '\0');
    map.resize(size_t(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(map.data()),
                                      reinterpret_cast<const unsigned char*>(map_.data()),
                                      int(map_.size()))));
    const json sign = {
        {"type", "Metaspace"}, {"replacement", "\u2581"}, {"prepend_scheme", "always"}};
    json added = json::array();
    for (const size_t id : {size_t{0}, size_t{1}, size_t{2}, size_t{3}, tokens_.size() - 1}) {
      added.push_back({{"id", id}, {"content", tokens_[id]}, {"special", true}});
    }
    const json root = {
        {"added_tokens", added},
        {"normalizer", {{"type", "Precompiled"}, {"precompiled_charsmap", map}}},
        {"pre_tokenizer",
         {{"type", "Sequence"}, {"pretokenizers", {{{"type", "WhitespaceSplit"}}, sign}}}},
        {"decoder", sign},
        {"model", {{"type", "Unigram"}, {"unk_id", 3}, {"vocab", vocab}}}};
    write_file(folder_ / "tokenizer.json", io::dump_json(root));
    return load_tokenizer(folder_.path());
  }

  // Cases that differ, of those that have the column.
  int compare(const Tokenizer& tokenizer, const std::string& column) {
    std::ifstream lines(*cases_);
    int compared = 0;
    for (std::string line; std::getline(lines, line);) {
      const json one = json::parse(line);
      if (!one.contains(column)) continue;
      const std::string text = one["text"];
      EXPECT_EQ(json(tokenizer.encode_data(text)), one[column]) << one["group"] << ": " << text;
      ++compared;
    }
    return compared;
  }

  std::optional<fs::path> path_, cases_;
  std::vector<std::string> tokens_;
  std::vector<double> scores_;
  std::string map_;
  testing::TemporaryFolder folder_;
};

TEST_F(PublishedXlm, GgufEqualsLlamaCpp) {
  const auto tokenizer = load_tokenizer(*path_);
  EXPECT_GT(compare(*tokenizer, "llamacpp"), 100);
  EXPECT_EQ(tokenizer->encode_with_special(""), (Ids{0, 2}));
}

TEST_F(PublishedXlm, ModelFileEqualsSentencePiece) {
  const auto tokenizer = from_model();
  EXPECT_GT(compare(*tokenizer, "sentencepiece"), 100);
  EXPECT_EQ(tokenizer->encode_with_special(""), (Ids{0, 2}));
  EXPECT_EQ(tokenizer->find("<mask>"), 250'001);
}

TEST_F(PublishedXlm, TokenizerJsonEqualsHuggingFace) {
  EXPECT_GT(compare(*from_json(), "hf"), 100);
}

// Of two cuts with one sum of scores ("(iii)") the library takes the other.
TEST_F(PublishedXlm, AllFormsAgreeOnEverySentenceOfSemEval) {
  const auto corpus = testing::shared_file("semeval2010/TEST_FILE_CLEAN.TXT");
  RELATUM_NEEDS(corpus);
  const auto gguf = load_tokenizer(*path_), model = from_model(), whole = from_json();
  std::ifstream lines(*corpus);
  const auto sum = [&](const Ids& ids) {
    double total = 0;
    for (const int32_t id : ids) total += scores_[size_t(id)];
    return total;
  };
  int count = 0, ties = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const Ids ids = gguf->encode_data(line);
    EXPECT_EQ(whole->encode_data(line), ids) << line;
    const Ids other = model->encode_data(line);
    if (other == ids) continue;
    EXPECT_NEAR(sum(other), sum(ids), testing::rounding_bound(int64_t(ids.size())) * -sum(ids))
        << line;
    ++ties;
  }
  EXPECT_EQ(count, 2717);
  EXPECT_LT(ties, 3);
}

}  // namespace
}  // namespace relatum::text
