// Holds the real SmolLM2-135M to transformers' logits, in f32 and in bf16.
#include <gtest/gtest.h>

#include "kernels/cpu.h"
#include "support/models.h"
#include "support/shared.h"

namespace relatum::testing {
namespace {

// Logits at some places and vocabulary ids of one prompt.
struct Sample {
  std::vector<int32_t> places, ids;
  Matrix<float> logits;
};

class SlowSmolLm2 : public ::testing::Test {
 protected:
  std::unique_ptr<arch::Model> load_as(DType compute) const {
    arch::LoadOptions options;
    options.compute = compute;
    return load(*path_, options);
  }
  std::string prompt(int index) const { return "prompt" + std::to_string(index) + "."; }
  std::vector<int32_t> tokens(int index) const {
    return read_ints(expected_, prompt(index) + "input_ids");
  }
  Sample narrow(int index) const {
    return {read_ints(expected_, prompt(index) + "positions"),
            read_ints(expected_, prompt(index) + "vocabulary_ids"),
            read_matrix(expected_, prompt(index) + "logits")};
  }
  Sample wide(int index) const {
    Sample sample{{},
                  read_ints(expected_, prompt(index) + "wide_vocabulary_ids"),
                  read_matrix(expected_, prompt(index) + "wide_logits")};
    for (int32_t i = 0; i < int32_t(sample.logits.rows()); ++i) sample.places.push_back(i);
    return sample;
  }
  static double distance_at(const Matrix<float>& logits, const Sample& sample) {
    Matrix<float> got(int64_t(sample.places.size()), int64_t(sample.ids.size()));
    for (int64_t r = 0; r < got.rows(); ++r) {
      for (int64_t c = 0; c < got.cols(); ++c) {
        got.row(r)[c] = logits.row(sample.places[size_t(r)])[sample.ids[size_t(c)]];
      }
    }
    return distance(got, sample.logits);
  }

  static constexpr int kPrompts = 3;
  std::optional<std::filesystem::path> path_ = model_file(
      "smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
  io::Safetensors expected_ = io::Safetensors::open(fixture("llama/smollm2_expected.safetensors"));
};

TEST_F(SlowSmolLm2, LogitsInF32AreWithinOneInTenThousand) {
  RELATUM_NEEDS(path_);
  const auto model = load_as(DType::kF32);
  constexpr double kAcceptance = 1e-4;
  for (int i = 0; i < kPrompts; ++i) {
    const Matrix<float> logits = run(*model, single(tokens(i)));
    EXPECT_LT(distance_at(logits, narrow(i)), kAcceptance) << i;
    EXPECT_LT(distance_at(logits, wide(i)), kAcceptance) << i;
  }
}

TEST_F(SlowSmolLm2, LogitsInBf16AreNoFurtherThanTransformers) {
  RELATUM_NEEDS(path_);
  if (!kernels::has_fast_bf16()) GTEST_SKIP() << "this CPU has no bf16 products";
  const auto model = load_as(DType::kBF16);
  constexpr double kAcceptance = 1.5;
  for (int i = 0; i < kPrompts; ++i) {
    const Matrix<float> logits = run(*model, single(tokens(i)), DType::kBF16);
    const double theirs = double(read_scalar(expected_, prompt(i) + "bf16_relative_wide"));
    EXPECT_LT(distance_at(logits, wide(i)), kAcceptance * theirs) << i;
    RecordProperty("share_of_transformers_" + std::to_string(i),
                   std::to_string(distance_at(logits, wide(i)) / theirs));
  }
}

}  // namespace
}  // namespace relatum::testing
