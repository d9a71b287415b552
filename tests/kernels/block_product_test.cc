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

// What a format's rows, outputs and columns are tried with.
struct Problem {
  Problem(const char* f, int64_t rows, int64_t cols)
      : format(f), values(Gapped<float>::random(kOutputs, cols, 3, 1, 0)), y(rows, kOutputs) {
    weight = quant::encode(format, "w", values.view());
    quant::decode_rows(weight, 0, values.view());
  }

  // In two parts. x(r, k): the values that the rows stand for.
  template <class Rows, class X>
  void check(const Rows& rows, const X& x) {
    block_product(format, rows, weight.data, y.view(), 0, 2);
    block_product(format, rows, weight.data, y.view(), 2, kOutputs);
    for (int64_t r = 0; r < y.rows(); ++r) {
      for (int64_t n = 0; n < kOutputs; ++n) {
        double want = 0, size = 0;
        for (int64_t k = 0; k < values.cols(); ++k) {
          want += x(r, k) * values.get(n, k);
          size += std::abs(x(r, k)) * (std::abs(values.get(n, k)) + 1);
        }
        // Sums of up to K terms in f32; one more each for what all values of a block share.
        EXPECT_NEAR(y.get(r, n), want, 1e-7 * double(values.cols()) * size) << r << ' ' << n;
      }
    }
    EXPECT_TRUE(y.gaps_kept());
  }

  static constexpr int64_t kOutputs = 11;
  const char* format;
  Weight weight;
  Gapped<float> values;
  Gapped<float> y;
};

template <class T>
void check_integers(const char* format, int64_t rows, int64_t cols) {
  auto x = Gapped<T>::random(rows, cols, 5);
  std::vector<int8_t> codes(size_t(rows * cols));
  std::vector<float> scales(size_t(rows * cols / 32)), sums = scales;
  const BlockRows quantised{rows, cols, codes.data(), scales.data(), sums.data()};
  quantise_blocks(x.view(), quantised);
  Problem(format, rows, cols).check(quantised, [&](int64_t r, int64_t k) {
    const double scale = double(scales[size_t((r * cols + k) / 32)]);
    const double rounded = codes[size_t(r * cols + k)] * scale;
    EXPECT_LE(std::abs(rounded - x.get(r, k)), 0.501 * scale);
    return rounded;
  });
}

void check_floats(const char* format, int64_t rows, int64_t cols) {
  auto x = Gapped<float>::random(rows, cols, 5);
  std::vector<float> sums(size_t(rows * cols / 32));
  const FloatRows floats{x.view(), sums.data()};
  sum_blocks(floats);
  Problem(format, rows, cols).check(floats, [&](int64_t r, int64_t k) { return x.get(r, k); });
}

TEST_P(Blocks, AreTheProductWithTheDecodedWeights) {
  const bool super = quant::format(GetParam()).block == 256;
  const std::vector<int64_t> widths = super ? std::vector<int64_t>{256, 768, 2048}
                                            : std::vector<int64_t>{32, 96, 576, 640};
  for (const int64_t rows : {1, 2, 4, 7}) {
    for (const int64_t cols : widths) {
      check_integers<float>(GetParam(), rows, cols);
      check_integers<bf16>(GetParam(), rows, cols);
      check_floats(GetParam(), rows, cols);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Blocks,
                         ::testing::Values("q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q4_k", "q5_k",
                                           "q6_k"),
                         [](const auto& test) { return std::string(test.param); });

TEST(BlockFormats, OthersAreNotServed) {
  for (const char* format : {"f32", "bf16", "nf4", "q2_k", "iq4_xs", ""}) {
    EXPECT_FALSE(has_block_product(format)) << format;
  }
}

}  // namespace
}  // namespace relatum::testing
