// Every option of the common decoder against Hugging Face's log-probabilities, however the row is
// computed: whole, in segments, behind cached rows, as a tree, with the tape.
#include <gtest/gtest.h>

#include "kernels/cpu.h"
#include "support/decoder_options.h"
#include "support/shows.h"

namespace relatum::testing {
namespace {

using nlohmann::json;

class DecoderOption : public ::testing::TestWithParam<std::string> {
 protected:
  double distance(const Matrix<float>& logits) const {
    return largest_difference(log_probabilities(logits), want_.view());
  }
  // The row behind its own first tokens, each of which went through the cache alone.
  Matrix<float> behind_cache(const arch::Model& model, int64_t alone) const {
    const arch::ModelInfo& info = model.info();
    nn::KvCache cache(info.layers, int64_t(row_.size()), info.kv_heads, info.head_size,
                      DType::kF32);
    Matrix<float> logits;
    for (int64_t t = 0; t <= alone; ++t) {
      const std::span<const int32_t> rest(row_.begin() + t,
                                          t < alone ? row_.begin() + t + 1 : row_.end());
      nn::TokenBatch batch;
      // Odd pieces, so that a window ends within a span and at its border.
      std::vector<kernels::AttentionSpan> spans;
      for (int64_t begin = 0; begin < t; begin += 5) {
        spans.push_back({begin, std::min<int64_t>(5, t - begin), true});
      }
      batch.append(batch.root(spans), rest);
      batch.finish();
      std::vector<int64_t> store;
      for (size_t i = 0; i < rest.size(); ++i) store.push_back(t + int64_t(i));
      arch::ForwardOptions options;
      options.cache = {&cache, store};
      logits = run(model, batch, DType::kF32, false, options);
    }
    return logits;
  }

  json config_ = decoder_options().at(GetParam());
  io::Safetensors file_ = io::Safetensors::open(fixture("decoder/weights.safetensors"));
  std::vector<int32_t> row_ = read_ints(file_, "input_ids");
  Matrix<float> want_ = read_matrix(file_, "expected." + GetParam());
};

TEST_P(DecoderOption, WholeRow) {
  shows(row_of_option(GetParam()), {"logits", "safetensors"});
  const auto model = OptionFolder(config_).load();
  EXPECT_LT(distance(run(*model, single(row_))), kOptionBound);
}

TEST_P(DecoderOption, OfSeveralFiles) {
  shows(row_of_option(GetParam()), {"safetensors"});
  const auto one = OptionFolder(config_).load(), three = OptionFolder(config_, 3).load();
  EXPECT_TRUE(bit_equal(run(*one, single(row_)), run(*three, single(row_))));
}

TEST_P(DecoderOption, RowInSegments) {
  const auto model = OptionFolder(config_).load();
  nn::TokenBatch batch;
  int segment = batch.root();
  size_t begin = 0;
  for (const size_t end : {size_t{3}, size_t{4}, size_t{20}, row_.size()}) {
    segment = batch.append(segment, std::span(row_).subspan(begin, end - begin));
    begin = end;
  }
  batch.finish();
  EXPECT_LT(distance(run(*model, batch)), kOptionBound);
}

TEST_P(DecoderOption, BehindCachedRows) {
  shows(row_of_option(GetParam()), {"cached"});
  const auto model = OptionFolder(config_).load();
  const auto last = int64_t(row_.size()) - 1;
  EXPECT_LT(distance(behind_cache(*model, last - want_.rows() + 1)), kOptionBound);
  EXPECT_LT(largest_difference(log_probabilities(behind_cache(*model, last)),
                               want_.view().rows_from(want_.rows() - 1, 1)),
            kOptionBound);
}

TEST_P(DecoderOption, AsABranchOfATree) {
  const auto model = OptionFolder(config_).load();
  const size_t own = size_t(want_.rows());
  nn::TokenBatch batch;
  const int trunk = batch.append(batch.root(), std::span(row_).first(row_.size() - own));
  std::vector<int32_t> tokens, above;
  for (int branch = 0; branch < 2; ++branch) {  // the row's end twice, the first one is wrong
    for (size_t i = 0; i < own; ++i) {
      tokens.push_back(row_[row_.size() - own + i] + (branch ? 0 : 1));
      above.push_back(i == 0 ? -1 : int32_t(tokens.size()) - 2);
    }
  }
  batch.append_tree(trunk, tokens, above);
  batch.finish();
  EXPECT_LT(distance(run(*model, batch)), kOptionBound);
}

TEST_P(DecoderOption, TapeChangesNoBit) {
  shows(row_of_option(GetParam()), {"tape"});
  const auto model = OptionFolder(config_).load();
  const nn::TokenBatch batch = single(row_);
  arch::ForwardOptions checkpoint;
  checkpoint.checkpoint = true;
  const Matrix<float> plain = run(*model, batch);
  EXPECT_TRUE(bit_equal(plain, run(*model, batch, DType::kF32, true)));
  EXPECT_TRUE(bit_equal(plain, run(*model, batch, DType::kF32, true, checkpoint)));
}

INSTANTIATE_TEST_SUITE_P(Fixtures, DecoderOption, ::testing::ValuesIn(decoder_option_names()),
                         [](const auto& test) { return test.param; });

// As transformers keeps it: the root of the width is a number of the type that is computed in.
TEST(Decoder, EmbeddingsAreScaledInTheComputeType) {
  const OptionFolder folder(decoder_options().at("gemma3"));
  const auto file = io::Safetensors::open(fixture("decoder/weights.safetensors"));
  const auto row = read_ints(file, "input_ids");
  const Matrix<float> table = read_matrix(file, "model.embed_tokens.weight");
  const float root = std::sqrt(float(table.cols()));
  const float rounded = to_float(to_bf16(root));
  ASSERT_NE(rounded, root);
  for (const auto& [compute, scale] : {std::pair{DType::kF32, root}, {DType::kBF16, rounded}}) {
    if (compute == DType::kBF16 && !kernels::has_fast_bf16()) continue;
    Matrix<float> got(int64_t(row.size()), table.cols());
    const std::function<void(int64_t, Mat)> probe = [&](int64_t layer, Mat values) {
      if (layer == -1) kernels::convert(values, got.view());
    };
    arch::ForwardOptions options;
    options.probe = &probe;
    run(*load(folder.path(), {.compute = compute}), single(row), compute, false, options);
    for (size_t t = 0; t < row.size(); ++t) {
      for (int64_t i = 0; i < table.cols(); ++i) {
        ASSERT_EQ(got.row(int64_t(t))[i], table.row(row[t])[i] * scale) << t << " " << i;
      }
    }
  }
}

// A scaling that reaches further than its frequencies hold for is cut there.
TEST(Decoder, ContextEndsWithTheScaling) {
  json config = decoder_options().at("rope_longrope");
  EXPECT_EQ(OptionFolder(config).load()->info().context, 48);
  config = decoder_options().at("rope_yarn");
  EXPECT_EQ(OptionFolder(config).load()->info().context, 64);
}

}  // namespace
}  // namespace relatum::testing
