// Holds embedders of each kind, with each pooling and what follows it, to sentence-transformers'.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "io/json.h"
#include "retrieve/embedder.h"
#include "support/changed_embedder.h"
#include "support/models.h"
#include "support/shows.h"

namespace relatum::retrieve {
namespace {

using relatum::testing::bit_equal;
using relatum::testing::distance;
using relatum::testing::fixture;
using relatum::testing::read_matrix;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

namespace fs = std::filesystem;

std::vector<std::string> texts() {
  return io::load_json(fixture("encoders/texts.json")).get<std::vector<std::string>>();
}

double bound(const fs::path& folder) {
  return relatum::testing::parity_bound(*relatum::testing::load(folder));
}

struct Kind {
  const char* name;
  const char* row;  // of docs/models.md
  int64_t dimension;
};

class EmbedderKind : public ::testing::TestWithParam<Kind> {
 protected:
  fs::path path_ = fixture(std::string("encoders/") + GetParam().name);
  Embedder embedder_{path_};
};

// Pooling, Normalize, Dense, two poolings side by side, and the length of the third text are those
// of the fixtures' own files.
TEST_P(EmbedderKind, EqualsSentenceTransformers) {
  testing::shows(GetParam().row, {"logits", "tokenizer"});
  EXPECT_EQ(embedder_.dimension(), GetParam().dimension);
  EXPECT_EQ(embedder_.max_tokens(), 60);
  const auto expected = io::Safetensors::open(path_ / "expected.safetensors");
  EXPECT_LT(distance(embedder_.embed(texts(), {}), read_matrix(expected, "plain")), bound(path_));
}

INSTANTIATE_TEST_SUITE_P(All, EmbedderKind,
                         ::testing::Values(Kind{"mpnet", "MPNet", 16},
                                           Kind{"distilbert", "DistilBERT", 12},
                                           Kind{"roberta", "RoBERTa", 32},
                                           Kind{"xlm_roberta", "XLM-RoBERTa", 16}),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST(EmbedderPrompts, AreThoseOfTheModelsFiles) {
  const fs::path path = fixture("encoders/xlm_roberta");
  const auto expected = io::Safetensors::open(path / "expected.safetensors");
  Embedder embedder(path);
  EXPECT_EQ(embedder.prompts().query, "query: ");
  EXPECT_EQ(embedder.prompts().passage, "passage: ");
  const auto query = embedder.embed(texts(), {}, {.prefix = embedder.prompts().query});
  const auto passage = embedder.embed(texts(), {}, {.prefix = embedder.prompts().passage});
  EXPECT_LT(distance(query, read_matrix(expected, "query")), bound(path));
  EXPECT_LT(distance(passage, read_matrix(expected, "passage")), bound(path));
  EXPECT_GT(distance(query, passage), 1e-3);
}

class Changed : public ::testing::Test {
 protected:
  void copy(const std::string& name) { embedder_.copy(name); }
  fs::path path() const { return embedder_.path(); }
  void write(const std::string& name, const std::string& text) { embedder_.write(name, text); }
  void expect_refused(const std::string& word) {
    EXPECT_THAT([&] { Embedder embedder(path()); },
                ThrowsMessage<Error>(AllOf(HasSubstr(word), HasSubstr("tiny"))));
  }
  testing::ChangedEmbedder embedder_;
};

TEST_F(Changed, EachPoolingIsSentenceTransformers) {
  copy("bert");
  const auto read = io::load_json(path() / "expected.json")["texts"];
  const auto of_bert = read.get<std::vector<std::string>>();
  const auto expected = io::Safetensors::open(fixture("encoders/poolings.safetensors"));
  write("modules.json", R"([{"type": "a.Transformer", "path": ""},
                            {"type": "a.Pooling", "path": "1_Pooling"}])");
  const std::vector<std::array<std::string, 2>> names = {
      {"cls", "cls_token"},
      {"max", "max_tokens"},
      {"mean", "mean_tokens"},
      {"mean_sqrt_len_tokens", "mean_sqrt_len_tokens"},
      {"weightedmean", "weightedmean_tokens"},
      {"lasttoken", "lasttoken"}};
  for (const auto& [now, older] : names) {
    write("1_Pooling/config.json", nlohmann::json{{"pooling_mode", now}}.dump());
    const Matrix<float> got = Embedder(path()).embed(of_bert, {});
    EXPECT_LT(distance(got, read_matrix(expected, now)), bound(path())) << now;
    write("1_Pooling/config.json", nlohmann::json{{"pooling_mode_" + older, true}}.dump());
    EXPECT_TRUE(bit_equal(Embedder(path()).embed(of_bert, {}), got)) << older;
  }
}

// Booleans have sentence-transformers' order, a list has its own.
TEST_F(Changed, SeveralPoolingsStandSideBySide) {
  copy("bert");
  const std::vector<std::string> one = {"of two"};
  const auto with = [&](const std::string& config) {
    write("1_Pooling/config.json", config);
    return Embedder(path()).embed(one, {});
  };
  const auto booleans = with(
      R"({"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": true})");
  EXPECT_EQ(booleans.cols(), 64);
  EXPECT_TRUE(bit_equal(booleans, with(R"({"pooling_mode": ["cls", "mean"]})")));
  EXPECT_FALSE(bit_equal(booleans, with(R"({"pooling_mode": ["mean", "cls"]})")));
}

TEST_F(Changed, DenseModulesThatCannotBeHonouredAreRefused) {
  const auto dense = [&](const char* key, const nlohmann::json& value) {
    copy("encoders/distilbert");
    auto config = io::load_json(path() / "2_Dense/config.json");
    config[key] = value;
    write("2_Dense/config.json", config.dump());
  };
  dense("activation_function", "torch.nn.modules.activation.ReLU");
  expect_refused("ReLU");
  dense("use_residual", true);
  expect_refused("use_residual");
  dense("module_input_name", "token_embeddings");
  expect_refused("module_input_name");
  dense("in_features", 17);
  expect_refused("from 17 to 12");
  dense("out_features", 1 << 30);
  expect_refused("1073741824");
  dense("out_features", 13);
  expect_refused("linear.weight");
  dense("bias", true);
  fs::rename(path() / "2_Dense/model.safetensors", path() / "2_Dense/pytorch_model.bin");
  expect_refused("pytorch_model.bin");
}

// y = x in place of y = tanh(x): the tangent of what comes out is what the fixture holds.
TEST_F(Changed, DenseWithoutAnActivationIsItsSum) {
  copy("encoders/distilbert");
  const Matrix<float> bent = Embedder(path()).embed(texts(), {});
  auto config = io::load_json(path() / "2_Dense/config.json");
  config["activation_function"] = "torch.nn.modules.linear.Identity";
  write("2_Dense/config.json", config.dump());
  Matrix<float> straight = Embedder(path()).embed(texts(), {});
  EXPECT_GT(distance(straight, bent), 1e-3);
  for (int64_t i = 0; i < straight.rows(); ++i) {
    for (int64_t j = 0; j < straight.cols(); ++j) {
      straight.row(i)[j] = float(std::tanh(double(straight.row(i)[j])));
    }
  }
  // Both were rounded to f32 once, the second time behind a tangent whose slope is at most 1.
  EXPECT_LT(distance(straight, bent), testing::rounding_bound(3));
}

// A vector without length 1 is compared by its cosine, or by what the files name.
TEST_F(Changed, SearchComparesAsTheFilesSay) {
  copy("encoders/roberta");
  const EmbedOptions for_search{.for_search = true};
  Embedder embedder(path());
  const Matrix<float> plain = embedder.embed(texts(), {});
  const Matrix<float> unit = embedder.embed(texts(), {}, for_search);
  for (int64_t i = 0; i < unit.rows(); ++i) {
    double square = 0, length = 0;
    for (int64_t j = 0; j < unit.cols(); ++j) {
      square += double(unit.row(i)[j]) * unit.row(i)[j];
      length += double(plain.row(i)[j]) * plain.row(i)[j];
    }
    EXPECT_NEAR(square, 1.0, relatum::testing::rounding_bound(2 * unit.cols()));
    EXPECT_GT(length, 2.0);
  }
  write("config_sentence_transformers.json", R"({"similarity_fn_name": "dot"})");
  Embedder dot(path());
  EXPECT_NO_THROW(dot.check_search());
  EXPECT_TRUE(bit_equal(dot.embed(texts(), {}, for_search), plain));
  for (const char* name : {"euclidean", "manhattan"}) {
    write("config_sentence_transformers.json", nlohmann::json{{"similarity_fn_name", name}}.dump());
    EXPECT_THAT([&] { Embedder(path()).check_search(); },
                ThrowsMessage<Error>(HasSubstr("compared by distance")));
  }
}

// Of the places where it is named the first counts: the embedder's file, the tokenizer's, the
// model's positions.
TEST_F(Changed, LongestRowIsWhatTheFilesSay) {
  copy("encoders/mpnet");
  const auto longest = [&] { return Embedder(path()).max_tokens(); };
  EXPECT_EQ(longest(), 60);
  auto tokenizer = io::load_json(path() / "tokenizer_config.json");
  tokenizer["model_max_length"] = 40;
  write("tokenizer_config.json", tokenizer.dump());
  EXPECT_EQ(longest(), 40);
  write("sentence_bert_config.json", R"({"max_seq_length": 50})");
  EXPECT_EQ(longest(), 50);
  write("sentence_bert_config.json", R"({"max_seq_length": null})");
  tokenizer["model_max_length"] = 1e30;
  write("tokenizer_config.json", tokenizer.dump());
  EXPECT_EQ(longest(), 60);
}

TEST_F(Changed, DescribesWhatItDoes) {
  EXPECT_EQ(Embedder(fixture("encoders/distilbert")).described(), "mean, dense 12, 60 tokens");
  EXPECT_EQ(Embedder(fixture("encoders/roberta")).described(), "cls+max, 60 tokens");
  EXPECT_EQ(Embedder(fixture("bert")).described(), "mean, normalised, 48 tokens");
}

}  // namespace
}  // namespace relatum::retrieve
