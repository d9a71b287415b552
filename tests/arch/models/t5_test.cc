// Every option of T5 against Hugging Face's log-probabilities, however its rows are computed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/error_of.h"
#include "support/log_probabilities.h"
#include "support/shows.h"
#include "support/t5.h"

namespace relatum::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

nn::TokenBatch encoded(std::span<const int32_t> source, std::span<const int32_t> fed) {
  nn::TokenBatch batch;
  const int root = batch.root();
  batch.read_source(root, batch.add_source(source));
  batch.append(root, fed);
  batch.finish();
  return batch;
}

class T5Option : public ::testing::TestWithParam<std::string> {
 protected:
  static constexpr double kBound = 1e-3;

  Matrix<float> want(size_t row) const {
    return read_matrix(file_, "expected." + GetParam() + "." + std::to_string(row));
  }
  // Both rows, one tree each.
  nn::TokenBatch both() const {
    nn::TokenBatch batch;
    for (const T5Row& row : rows_) {
      const int root = batch.root();
      batch.read_source(root, batch.add_source(row.source));
      batch.append(root, row.fed());
    }
    batch.finish();
    return batch;
  }
  void expect_both(const Matrix<float>& logits) const {
    const Matrix<float> got = log_probabilities(logits);
    const Matrix<float> first = want(0), second = want(1);
    Matrix<float> head(first.rows(), got.cols());
    std::memcpy(head.row(0), got.row(0), size_t(head.view().size()) * sizeof(float));
    EXPECT_LT(largest_difference(head, first.view()), kBound);
    EXPECT_LT(largest_difference(got, second.view()), kBound);
  }

  T5Folder folder_{t5_options().at(GetParam())};
  std::unique_ptr<arch::Model> model_ = folder_.load();
  io::Safetensors file_ = io::Safetensors::open(fixture("t5/weights.safetensors"));
  std::vector<T5Row> rows_ = t5_rows();
};

TEST_P(T5Option, BothRows) {
  shows(row_of_t5(GetParam()), {"logits", "safetensors"});
  expect_both(run(*model_, both()));
}

TEST_P(T5Option, TapeChangesNoBit) {
  shows(row_of_t5(GetParam()), {"tape"});
  arch::ForwardOptions checkpoint;
  checkpoint.checkpoint = true;
  const nn::TokenBatch batch = both();
  const Matrix<float> plain = run(*model_, batch);
  EXPECT_TRUE(bit_equal(plain, run(*model_, batch, DType::kF32, true)));
  EXPECT_TRUE(bit_equal(plain, run(*model_, batch, DType::kF32, true, checkpoint)));
}

// A token at a time, the encoder run once.
TEST_P(T5Option, TokenByTokenFromTheCache) {
  shows(row_of_t5(GetParam()), {"cached"});
  const arch::ModelInfo& info = model_->info();
  const T5Row& row = rows_[0];
  const auto fed = row.fed();
  const auto source_rows = int64_t(row.source.size());
  nn::KvCache own(info.layers, int64_t(fed.size()), info.kv_heads, info.head_size, DType::kF32),
      sources(info.layers, source_rows + 3, info.kv_heads, info.head_size, DType::kF32);
  std::vector<int64_t> source_store;
  for (int64_t i = 0; i < source_rows; ++i) source_store.push_back(3 + i);
  const Matrix<float> expected = want(0);
  for (size_t t = 0; t < fed.size(); ++t) {
    nn::TokenBatch batch;
    const kernels::AttentionSpan before{0, int64_t(t), true};
    const int root = t ? batch.root({&before, 1}) : batch.root();
    batch.read_source(
        root, t ? kernels::AttentionSpan{3, source_rows, true} : batch.add_source(row.source));
    batch.append(root, {&fed[t], 1});
    batch.finish();
    const auto place = int64_t(t);
    arch::ForwardOptions options;
    options.cache = {&own, {&place, 1}, &sources, {}};
    if (t == 0) options.cache.source_store = source_store;
    const Matrix<float> logits = log_probabilities(
        run(*model_, batch, DType::kF32, false, options));
    EXPECT_LT(largest_difference(logits, expected.view().rows_from(place, 1)), kBound) << t;
  }
}

// The row's end as one of two branches, and only its states asked for.
TEST_P(T5Option, AsABranchOfATree) {
  const auto fed = rows_[0].fed();
  const size_t trunk_tokens = 4, own = fed.size() - trunk_tokens;
  nn::TokenBatch batch;
  const int root = batch.root();
  batch.read_source(root, batch.add_source(rows_[0].source));
  const int trunk = batch.append(root, std::span(fed).first(trunk_tokens));
  std::vector<int32_t> tokens, above;
  for (int branch = 0; branch < 2; ++branch) {  // the first one is wrong
    for (size_t i = 0; i < own; ++i) {
      tokens.push_back(fed[trunk_tokens + i] + (branch ? 0 : 1));
      above.push_back(i == 0 ? -1 : int32_t(tokens.size()) - 2);
    }
  }
  const int branches = batch.append_tree(trunk, tokens, above);
  batch.finish();
  std::vector<int64_t> rows;
  for (size_t i = 0; i < own; ++i) {
    rows.push_back(batch.begin(branches) + int64_t(own + i));
  }
  arch::ForwardOptions options;
  options.rows = rows;
  const Matrix<float> expected = want(0);
  EXPECT_LT(largest_difference(log_probabilities(run(*model_, batch, DType::kF32, false, options)),
                               expected.view().rows_from(int64_t(trunk_tokens), int64_t(own))),
            kBound);
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& [name, config] : t5_options().items()) all.push_back(name);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Fixtures, T5Option, ::testing::ValuesIn(names()),
                         [](const auto& test) { return test.param; });

TEST(T5, SizesAndNames) {
  const auto model = T5Folder(t5_options().at("deeper_decoder")).load();
  const arch::ModelInfo& info = model->info();
  EXPECT_EQ(info.family, "t5");
  EXPECT_EQ(info.encoder_layers, 2);
  EXPECT_EQ(info.layers, 3);
  EXPECT_EQ(info.head_size, 12);
  EXPECT_EQ(model->linears().size(), 2u * 4 + 3 * 7);
  EXPECT_EQ(model->source_linears().size(), 2u * 4 + 3);
  for (int64_t layer = 0; layer < 5; ++layer) {
    const auto [begin, end] = model->linears_of_layer(layer);
    const std::string prefix = layer < 2 ? "encoder.block." + std::to_string(layer)
                                         : "decoder.block." + std::to_string(layer - 2);
    for (size_t i = begin; i < end; ++i) {
      EXPECT_THAT(model->linears()[i]->parts()[0].name, HasSubstr(prefix));
    }
    EXPECT_EQ(end - begin, layer < 2 ? 4u : 7u);
  }
}

std::string error_with(const std::string& key, const json& value) {
  json config = t5_options().at("first");
  const T5Folder folder(config);
  config[key] = value;
  write_file(folder.path() / "config.json", config.dump());
  return error_of([&] { folder.load(); });
}

// transformers 5 writes that all are tied, and whether the head's input is scaled.
TEST(T5, BothSpellingsOfTheHead) {
  for (const std::string option : {"untied", "first"}) {
    json config = t5_options().at(option);
    config["scale_decoder_outputs"] = config.at("tie_word_embeddings");
    const T5Folder folder(config);
    const auto source = t5_rows()[0].source, fed = t5_rows()[0].fed();
    const Matrix<float> before = run(*folder.load(), encoded(source, fed));
    config["tie_word_embeddings"] = true;
    write_file(folder.path() / "config.json", config.dump());
    EXPECT_TRUE(bit_equal(run(*folder.load(), encoded(source, fed)), before)) << option;
  }
}

// What transformers saves beside feed_forward_proj counts more than that.
TEST(T5, TheSavedFunctionCounts) {
  const auto source = t5_rows()[0].source, fed = t5_rows()[0].fed();
  json config = t5_options().at("first");
  ASSERT_EQ(config.at("feed_forward_proj"), "relu");
  const T5Folder folder(config);
  const auto logits = [&] {
    write_file(folder.path() / "config.json", config.dump());
    return run(*folder.load(), encoded(source, fed));
  };
  const Matrix<float> relu = logits();
  config["dense_act_fn"] = "silu";
  config["is_gated_act"] = false;
  const Matrix<float> saved = logits();
  EXPECT_FALSE(bit_equal(saved, relu));
  config["feed_forward_proj"] = "silu";
  config.erase("dense_act_fn");
  EXPECT_TRUE(bit_equal(logits(), saved));
  EXPECT_THAT(error_with("dense_act_fn", "tanh"), HasSubstr("dense_act_fn is 'tanh'"));
  EXPECT_THAT(error_with("is_gated_act", true), HasSubstr("wi_0"));
}

TEST(T5, WhatItCannotBeIsRefusedByName) {
  EXPECT_THAT(error_with("layer_norm_epsilon", -1.0), HasSubstr("layer_norm_epsilon is -1"));
  EXPECT_THAT(error_with("feed_forward_proj", "gated-tanh"),
              AllOf(HasSubstr("config.json"), HasSubstr("'gated-tanh'"), HasSubstr("gated-gelu")));
  EXPECT_THAT(error_with("relative_attention_num_buckets", 3), HasSubstr("3 buckets"));
  EXPECT_THAT(error_with("relative_attention_num_buckets", 16),
              AllOf(HasSubstr("relative_attention_bias"), HasSubstr("16"), HasSubstr("8")));
  EXPECT_THAT(error_with("relative_attention_max_distance", 4), HasSubstr("up to 4"));
  EXPECT_THAT(error_with("decoder_start_token_id", 64),
              AllOf(HasSubstr("64, and"), HasSubstr("64 tokens")));
  EXPECT_THAT(error_with("decoder_start_token_id", int64_t{1} << 32), HasSubstr("4294967296"));
  EXPECT_THAT(error_with("num_layers", int64_t{1} << 40),
              HasSubstr("encoder's layers of 1099511627776"));
  EXPECT_THAT(error_with("d_kv", 0), HasSubstr("heads of 0"));
  EXPECT_THAT(error_with("d_kv", 16), AllOf(HasSubstr("SelfAttention.q"), HasSubstr("48")));
  EXPECT_THAT(error_with("num_decoder_layers", 9), HasSubstr("decoder.block.2"));
  EXPECT_THAT(error_with("is_encoder_decoder", false), HasSubstr("is_encoder_decoder"));
  EXPECT_THAT(error_with("num_experts", 4), HasSubstr("num_experts"));
}

}  // namespace
}  // namespace relatum::testing
