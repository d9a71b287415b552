// Holds the real SmolLM2-135M to transformers' logits, in f32 and in bf16.
#include <gtest/gtest.h>

#include "kernels/cpu.h"
#include "support/published_logits.h"
#include "support/shared.h"

namespace relatum::testing {
namespace {

class SlowSmolLm2 : public ::testing::Test {
 protected:
  std::unique_ptr<arch::Model> load_as(DType compute) const {
    arch::LoadOptions options;
    options.compute = compute;
    return load(*path_, options);
  }

  std::optional<std::filesystem::path> path_ = model_file(
      "smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
  PublishedLogits expected_{fixture("llama/smollm2_expected.safetensors")};
};

TEST_F(SlowSmolLm2, LogitsInF32AreWithinOneInTenThousand) {
  RELATUM_NEEDS(path_);
  const auto model = load_as(DType::kF32);
  for (int i = 0; i < PublishedLogits::kPrompts; ++i) {
    const Matrix<float> logits = run(*model, single(expected_.tokens(i)));
    EXPECT_LT(distance_at(logits, expected_.narrow(i)), PublishedLogits::kInF32) << i;
    EXPECT_LT(distance_at(logits, expected_.wide(i)), PublishedLogits::kInF32) << i;
  }
}

TEST_F(SlowSmolLm2, LogitsInBf16AreNoFurtherThanTransformers) {
  RELATUM_NEEDS(path_);
  if (!kernels::has_fast_bf16()) GTEST_SKIP() << "this CPU has no bf16 products";
  const auto model = load_as(DType::kBF16);
  for (int i = 0; i < PublishedLogits::kPrompts; ++i) {
    const Matrix<float> logits = run(*model, single(expected_.tokens(i)), DType::kBF16);
    const double ours = distance_at(logits, expected_.wide(i)),
                 theirs = expected_.theirs_in_bf16(i);
    EXPECT_LT(ours, PublishedLogits::kInBf16 * theirs) << i;
    RecordProperty("share_of_transformers_" + std::to_string(i), std::to_string(ours / theirs));
  }
}

}  // namespace
}  // namespace relatum::testing
