// Holds the products with stored blocks to the decoded weights times the rows as they were rounded.
#include "kernels/block_product.h"

#include <gtest/gtest.h>

#include "quant/format.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using namespace kernels;

class Blocks : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { ASSERT_TRUE(has_block_product(GetParam())); }
};

template <class T>
void check(const char* format, int64_t rows, int64_t outputs, int64_t cols) {
  auto values = Gapped<float>::random(outputs, cols, 3, 1, 0);
  const Weight weight = quant::encode(format, "w", values.view());
  quant::decode_rows(weight, 0, values.view());
  auto x = Gapped<T>::random(rows, cols, 5);
  std::vector<int8_t> codes(size_t(rows * cols));
  std::vector<float> scales(size_t(rows * cols / 32)), sums = scales;
  const BlockRows quantised{rows, cols, codes.data(), scales.data(), sums.data()};
  quantise_blocks(x.view(), quantised);
  Gapped<float> y(rows, outputs);
  const int64_t middle = outputs / 2;
  block_product(format, quantised, weight.data, y.view(), 0, middle);
  block_product(format, quantised, weight.data, y.view(), middle, outputs);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t n = 0; n < outputs; ++n) {
      double want = 0, size = 0;
      for (int64_t k = 0; k < cols; ++k) {
        const double scale = double(scales[size_t((r * cols + k) / 32)]);
        const double rounded = codes[size_t(r * cols + k)] * scale;
        EXPECT_LE(std::abs(rounded - x.get(r, k)), 0.501 * scale);
        want += rounded * values.get(n, k);
        size += std::abs(rounded) * (std::abs(values.get(n, k)) + 1);
      }
      // Sums of up to K terms in f32.
      EXPECT_NEAR(y.get(r, n), want, 1e-7 * double(cols) * size) << r << ' ' << n;
    }
  }
  EXPECT_TRUE(y.gaps_kept());
}

TEST_P(Blocks, AreTheProductWithTheDecodedWeights) {
  for (const int64_t rows : {1, 2, 4, 7}) {
    for (const int64_t cols : {32, 96, 576}) {
      check<float>(GetParam(), rows, 5, cols);
      check<bf16>(GetParam(), rows, 5, cols);
    }
  }
}

TEST_P(Blocks, InF32AreTheProductWithTheDecodedWeights) {
  for (const int64_t rows : {1, 2, 4, 7}) {
    for (const int64_t cols : {32, 96, 576}) {
      constexpr int64_t kOutputs = 5;
      auto values = Gapped<float>::random(kOutputs, cols, 3, 1, 0);
      const Weight weight = quant::encode(GetParam(), "w", values.view());
      quant::decode_rows(weight, 0, values.view());
      auto x = Gapped<float>::random(rows, cols, 5);
      std::vector<float> sums(size_t(rows * cols / 32));
      const FloatRows floats{x.view(), sums.data()};
      sum_blocks(floats);
      Gapped<float> y(rows, kOutputs);
      block_product(GetParam(), floats, weight.data, y.view(), 0, 2);
      block_product(GetParam(), floats, weight.data, y.view(), 2, kOutputs);
      for (int64_t i = 0; i < rows * kOutputs; ++i) {
        const int64_t r = i / kOutputs, n = i % kOutputs;
        double want = 0, size = 0;
        for (int64_t k = 0; k < cols; ++k) {
          want += x.get(r, k) * values.get(n, k);
          size += std::abs(x.get(r, k)) * (std::abs(values.get(n, k)) + 1);
        }
        EXPECT_NEAR(y.get(r, n), want, 1e-7 * double(cols) * size) << r << ' ' << n;
      }
      EXPECT_TRUE(y.gaps_kept());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Blocks, ::testing::Values("q4_0", "q4_1", "q8_0"),
                         [](const auto& test) { return std::string(test.param); });

TEST(BlockFormats, OthersAreNotServed) {
  for (const char* format : {"f32", "bf16", "nf4", "q4_k", ""}) {
    EXPECT_FALSE(has_block_product(format)) << format;
  }
}

}  // namespace
}  // namespace relatum::testing
