// Holds the embedder to Hugging Face's vectors of the tiny BERT, and tries broken folders.
#include "retrieve/embedder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "io/json.h"
#include "support/changed_embedder.h"
#include "support/models.h"
#include "support/shows.h"

namespace relatum::retrieve {
namespace {

using relatum::testing::bit_equal;
using relatum::testing::ChangedEmbedder;
using relatum::testing::distance;
using relatum::testing::fixture;
using relatum::testing::read_matrix;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const auto kPath = fixture("bert");

std::vector<std::string> texts() {
  const auto facts = io::load_json(kPath / "expected.json");
  return io::require_strings(facts, "texts", "expected.json");
}

double bound() { return relatum::testing::parity_bound(*relatum::testing::load(kPath)); }

MatView<const float> row(const Matrix<float>& matrix, int64_t i) {
  return MatView<const float>(matrix.row(i), 1, matrix.cols());
}

TEST(Embedder, EqualsHuggingFace) {
  testing::shows("BERT", {"logits", "tokenizer"});
  Embedder embedder(kPath);
  const Matrix<float> got = embedder.embed(texts(), {});
  const auto expected = io::Safetensors::open(kPath / "expected.safetensors");
  ASSERT_EQ(got.rows(), 3);
  ASSERT_EQ(got.cols(), embedder.dimension());
  for (int64_t i = 0; i < got.rows(); ++i) {
    const auto want = read_matrix(expected, "row" + std::to_string(i) + ".embedding");
    EXPECT_LT(distance(row(got, i), want.view()), bound());
  }
}

TEST(Embedder, KnowsItself) {
  Embedder embedder(kPath / "");
  EXPECT_EQ(embedder.name(), "bert");
  EXPECT_EQ(embedder.hash().size(), 64u);
  EXPECT_EQ(embedder.max_tokens(), 48);
  EXPECT_EQ(embedder.compute(), DType::kF32);
}

TEST(Embedder, EqualTextsGiveEqualBits) {
  Embedder embedder(kPath);
  std::vector<std::string> many = texts();
  for (const std::string& text : texts()) many.push_back(text);
  const Matrix<float> got = embedder.embed(many, {});
  ASSERT_EQ(got.rows(), 6);
  EXPECT_TRUE(bit_equal(got.view().rows_from(0, 3), got.view().rows_from(3, 3)));
  EXPECT_FALSE(bit_equal(row(got, 0), row(got, 1)));
}

TEST(Embedder, BatchSizeChangesRoundingOnly) {
  Embedder embedder(kPath);
  const Matrix<float> one = embedder.embed(texts(), {}, {.batch_tokens = 1});
  EXPECT_LT(distance(one, embedder.embed(texts(), {})), 2 * bound());
}

TEST(Embedder, ATextThatSpellsAControlTokenIsText) {
  Embedder embedder(kPath);
  const std::vector<std::string> pair = {"one [SEP] two", "one [ SEP ] two"};
  const Matrix<float> got = embedder.embed(pair, {}, {.batch_tokens = 1});
  EXPECT_TRUE(std::equal(got.view().row(0), got.view().row(0) + got.cols(), got.view().row(1)));
}

TEST(Embedder, NoTextAndEmptyText) {
  Embedder embedder(kPath);
  EXPECT_EQ(embedder.embed({}, {}).rows(), 0);
  const std::vector<std::string> empty = {""};
  const Matrix<float> got = embedder.embed(empty, {});
  double square = 0;
  for (int64_t i = 0; i < got.cols(); ++i) square += double(got.row(0)[i]) * got.row(0)[i];
  EXPECT_NEAR(square, 1.0, relatum::testing::rounding_bound(2 * got.cols()));
}

TEST(Embedder, LongTextsAreCutBehindTheirFirstTokens) {
  Embedder embedder(kPath);
  std::string base;
  for (int64_t i = 0; i < embedder.max_tokens() - 2; ++i) base += "1 ";
  const std::vector<std::string> long_ones = {base, base + "where the cat", base.substr(2)};
  const Matrix<float> got = embedder.embed(long_ones, {}, {.batch_tokens = 1});
  EXPECT_TRUE(bit_equal(row(got, 0), row(got, 1)));
  EXPECT_FALSE(bit_equal(row(got, 0), row(got, 2)));
}

TEST(Embedder, ReportsAndStops) {
  Embedder embedder(kPath);
  std::atomic<bool> stop{false};
  Context context;
  context.stop = &stop;
  std::vector<double> done;
  context.progress = [&](const Progress& progress) {
    done.push_back(progress.done);
    EXPECT_EQ(progress.total, 3);
    stop = progress.done == 2;
  };
  std::vector<std::string> many = texts();
  many.insert(many.begin() + 1, many[0]);
  EXPECT_EQ(embedder.embed(many, context, {.batch_tokens = 1}).rows(), 3);
  EXPECT_EQ(done, (std::vector<double>{1, 2}));
}

TEST(Embedder, PoolingOfTheFirstToken) {
  ChangedEmbedder folder;
  folder.write("1_Pooling/config.json", R"({"pooling_mode_cls_token": true})");
  Embedder cls(folder.path());
  const Matrix<float> got = cls.embed(texts(), {});
  const auto expected = io::Safetensors::open(kPath / "expected.safetensors");
  Matrix<float> want = read_matrix(expected, "row1.last_hidden_state");
  double square = 0;
  for (int64_t i = 0; i < want.cols(); ++i) square += double(want.row(0)[i]) * want.row(0)[i];
  for (int64_t i = 0; i < want.cols(); ++i) want.row(0)[i] /= float(std::sqrt(square));
  EXPECT_LT(distance(row(got, 1), row(want, 0)), bound());
}

TEST(Embedder, ModulesSayWhetherLengthsAreOne) {
  ChangedEmbedder folder;
  folder.write("modules.json", R"([{"type": "a.Transformer", "path": ""},
                                   {"type": "a.Pooling", "path": "1_Pooling"}])");
  Embedder plain(folder.path());
  EXPECT_GT(distance(plain.embed(texts(), {}), Embedder(kPath).embed(texts(), {})), 0.1);
}

TEST(Embedder, DefaultsWhereTheSmallFilesAreAbsent) {
  ChangedEmbedder folder;
  folder.remove("modules.json");
  folder.remove("sentence_bert_config.json");
  Embedder embedder(folder.path());
  EXPECT_EQ(embedder.max_tokens(), 64);  // the model's own context
  EXPECT_TRUE(bit_equal(embedder.embed(texts(), {}), Embedder(kPath).embed(texts(), {})));
}

// The first of them that says something counts.
TEST(Embedder, OlderNamesOfItsSettings) {
  ChangedEmbedder folder;
  folder.write("sentence_bert_config.json", "{}");
  folder.write("sentence_xlnet_config.json", R"({"max_seq_length": 9})");
  EXPECT_EQ(Embedder(folder.path()).max_tokens(), 9);
  folder.write("sentence_roberta_config.json", R"({"max_seq_length": 11})");
  EXPECT_EQ(Embedder(folder.path()).max_tokens(), 11);
}

// Each character on its own, as sentence-transformers 6 and tokenizers do it: no final sigma.
TEST(Embedder, LowerCaseKnowsNoFinalSigma) {
  ChangedEmbedder folder;
  nlohmann::json tokenizer = io::load_json(kPath / "tokenizer.json");
  tokenizer["normalizer"]["lowercase"] = false;
  nlohmann::json& words = tokenizer["model"]["vocab"];
  for (const std::string begin : {"", "##"}) {
    words[begin + "\u03c3"] = words.at(begin + "a");
    words.erase(begin + "a");
  }
  folder.write("tokenizer.json", tokenizer.dump());
  folder.write("tokenizer_config.json", R"({"do_lower_case": false})");
  folder.write("sentence_bert_config.json", R"({"do_lower_case": true})");
  const std::vector<std::string> capitals = {"\u03a3\u03a3"}, small = {"\u03c3\u03c3"};
  Embedder embedder(folder.path());
  EXPECT_TRUE(bit_equal(embedder.embed(capitals, {}), embedder.embed(small, {})));
}

// As sentence-transformers: the prompt stands before the text, and both are in lower case then.
TEST(Embedder, DefaultPromptAndLowerCase) {
  ChangedEmbedder folder;
  nlohmann::json tokenizer = io::load_json(kPath / "tokenizer.json");
  tokenizer["normalizer"]["lowercase"] = false;
  folder.write("tokenizer.json", tokenizer.dump());
  folder.write("tokenizer_config.json", R"({"do_lower_case": false})");
  const std::vector<std::string> given = {"Of Rain"}, read = {"query: of rain"};
  const Matrix<float> want = Embedder(kPath).embed(read, {});
  EXPECT_FALSE(bit_equal(Embedder(folder.path()).embed(given, {}), want));
  folder.write("config_sentence_transformers.json",
               R"({"prompts": {"q": "Query: "}, "default_prompt_name": "q"})");
  folder.write("sentence_bert_config.json", R"({"max_seq_length": 48, "do_lower_case": true})");
  EXPECT_TRUE(bit_equal(Embedder(folder.path()).embed(given, {}), want));
  folder.write("config_sentence_transformers.json",
               R"({"prompts": {"q": "Query: "}, "default_prompt_name": null})");
  EXPECT_FALSE(bit_equal(Embedder(folder.path()).embed(given, {}), want));
}

TEST(Embedder, LanguageModelIsRefused) {
  EXPECT_THAT([] { Embedder embedder(fixture("llama/tied")); },
              ThrowsMessage<Error>(AllOf(HasSubstr("llama/tied"), HasSubstr("embedder"))));
}

std::string with_normalizes(int count) {
  nlohmann::json modules = {{{"type", "Pooling"}, {"path", "1_Pooling"}}};
  for (int i = 0; i < count; ++i) modules.push_back({{"type", "Normalize"}});
  return modules.dump();
}

TEST(Embedder, EightModulesMayFollowThePooling) {
  ChangedEmbedder folder;
  folder.write("modules.json", with_normalizes(8));
  EXPECT_NO_THROW(Embedder{folder.path()});
}

// Newer files say what a module takes; this one would normalise each token before the pooling.
TEST(Embedder, ANormalizeOfTokensIsRefused) {
  ChangedEmbedder folder("encoders/mpnet");
  std::filesystem::create_directories(folder.path() / "2_Normalize");
  folder.write("2_Normalize/config.json", R"({"module_input_name": "sentence_embedding"})");
  EXPECT_NO_THROW(Embedder{folder.path()});
  folder.write("2_Normalize/config.json", R"({"module_input_name": "token_embeddings"})");
  EXPECT_THAT([&] { Embedder{folder.path()}; },
              ThrowsMessage<Error>(HasSubstr("module_input_name")));
}

TEST(Embedder, BrokenFoldersAreRefused) {
  const std::vector<std::array<std::string, 3>> cases = {
      {"modules.json", R"([{"type": "a.LSTM", "path": "2_LSTM"}])", "LSTM"},
      {"modules.json", R"([{"type": "a.Dense", "path": "2_Dense"}])", "before the pooling"},
      {"modules.json", R"([{"type": "a.Transformer", "path": "0_Transformer"}])", "0_Transformer"},
      {"modules.json",
       R"([{"type": "Pooling", "path": "1_Pooling"}, {"type": "Pooling", "path": "1_Pooling"}])",
       "second pooling"},
      {"modules.json", R"([{"type": "a.Transformer", "path": ""}])", "no module is a Pooling"},
      {"modules.json", R"([])", "no module is a Pooling"},
      {"modules.json", with_normalizes(9), "more than 8 modules"},
      {"modules.json", R"({"type": "Pooling"})", "list of modules"},
      {"modules.json", R"([{"path": "x"}])", "type"},
      {"modules.json", R"([{"type": "Pooling", "path": "../../x"}])", "inside"},
      {"modules.json", R"([{"type": "Pooling", "path": "9_Gone"}])", "9_Gone"},
      {"1_Pooling/config.json", R"({"pooling_mode_min_tokens": true})", "min_tokens"},
      {"1_Pooling/config.json", R"({})", "0 kinds of pooling"},
      {"1_Pooling/config.json",
       R"({"word_embedding_dimension": 33, "pooling_mode_mean_tokens": true})", "33"},
      {"1_Pooling/config.json", R"({"pooling_mode_mean_tokens": true, "include_prompt": false})",
       "prompt"},
      {"1_Pooling/config.json", R"({"pooling_mode": "mean", "layers": [1, 2]})", "layers"},
      {"config_sentence_transformers.json", R"({"truncate_dim": 16})", "truncate_dim"},
      {"config_sentence_transformers.json", R"({"model_type": "SparseEncoder"})", "SparseEncoder"},
      {"config_sentence_transformers.json", R"({"default_prompt_name": "q"})", "'q'"},
      {"config_sentence_transformers.json", R"({"similarity_fn_name": "cos"})", "'cos'"},
      {"sentence_bert_config.json", R"({"processor_kwargs": {"padding_side": "left"}})",
       "processor_kwargs"},
      {"sentence_bert_config.json", R"({"transformer_task": "fill-mask"})", "fill-mask"},
      {"sentence_bert_config.json",
       R"({"modality_config": {"text": {"method_output_name": "logits"}}})", "logits"},
      {"sentence_bert_config.json", R"({"max_seq_length": -1})", "-1"},
      {"sentence_bert_config.json", R"({"max_seq_length": 2})", "no room"},
      {"sentence_bert_config.json", R"({"max_seq_length": "x"})", "max_seq_length"},
  };
  for (const auto& [name, text, word] : cases) {
    ChangedEmbedder folder;
    folder.write(name, text);
    EXPECT_THAT([&] { Embedder embedder(folder.path()); },
                ThrowsMessage<Error>(AllOf(HasSubstr(word), HasSubstr("tiny"))))
        << text;
  }
}

}  // namespace
}  // namespace relatum::retrieve
