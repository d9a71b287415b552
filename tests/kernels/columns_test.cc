// Sums down columns: gaps between rows, types, odd sizes, one and two threads.
#include "kernels/columns.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/parallel_for.h"
#include "kernels/rows.h"
#include "support/numbers.h"
#include "support/tolerance.h"

namespace relatum::testing {
namespace {

constexpr int64_t kSizes[] = {1, 15, 64, 65, 130, 1031};
constexpr int64_t kRows[] = {0, 1, 7, 97};

class Columns : public ::testing::Test {
 protected:
  ~Columns() override { set_thread_count(threads_); }
  int threads_ = thread_count();
};

template <class T>
void check_sums() {
  for (const int64_t cols : kSizes) {
    for (const int64_t rows : kRows) {
      auto x = Gapped<T>::random(rows, cols, 1);
      std::vector<std::vector<float>> sums;
      for (const int threads : {1, 2}) {
        set_thread_count(threads);
        sums.emplace_back(size_t(cols), 0.5f);
        kernels::add_column_sums(x.view(), sums.back());
      }
      EXPECT_EQ(sums[0], sums[1]);
      for (int64_t c = 0; c < cols; ++c) {
        double want = 0.5, size = 0.5;
        for (int64_t r = 0; r < rows; ++r) {
          want += double(to_float(x.at(r, c)));
          size += std::abs(double(to_float(x.at(r, c))));
        }
        EXPECT_NEAR(double(sums[0][size_t(c)]), want, sum_bound(rows + 1, size));
      }
    }
  }
}

TEST_F(Columns, SumsOfF32) { check_sums<float>(); }
TEST_F(Columns, SumsOfBF16) { check_sums<bf16>(); }

TEST_F(Columns, WhatANormsNumbersGain) {
  for (const int64_t cols : kSizes) {
    constexpr int64_t rows = 97;
    auto x = Gapped<float>::random(rows, cols, 1), dy = Gapped<float>::random(rows, cols, 2);
    std::vector<float> stats(2 * rows);
    for (size_t r = 0; r < rows; ++r) {
      stats[2 * r] = 0.01f * float(r);
      stats[2 * r + 1] = 1 + 0.1f * float(r % 5);
    }
    std::vector<std::vector<float>> all;
    for (const int threads : {1, 2}) {
      set_thread_count(threads);
      all.emplace_back(size_t(2 * cols), 0.25f);
      kernels::layernorm_gradients(dy.view(), x.view(), stats.data(), all.back().data(),
                                   all.back().data() + cols);
    }
    EXPECT_EQ(all[0], all[1]);
    for (int64_t c = 0; c < cols; ++c) {
      double weight = 0.25, bias = 0.25, weight_size = 0.25, bias_size = 0.25;
      for (int64_t r = 0; r < rows; ++r) {
        const double slope = double(dy.at(r, c)), mean = double(stats[size_t(2 * r)]);
        const double normed = (double(x.at(r, c)) - mean) * double(stats[size_t(2 * r + 1)]);
        weight += slope * normed;
        bias += slope;
        weight_size += std::abs(slope * normed) + std::abs(slope * mean);
        bias_size += std::abs(slope);
      }
      // The difference, the product with rstd and that with dy are rounded before the sum is.
      EXPECT_NEAR(double(all[0][size_t(c)]), weight, sum_bound(rows + 4, weight_size)) << c;
      EXPECT_NEAR(double(all[0][size_t(cols + c)]), bias, sum_bound(rows + 1, bias_size)) << c;
    }
    std::vector<float> weight_alone(size_t(cols), 0.25f);
    kernels::layernorm_gradients(dy.view(), x.view(), stats.data(), weight_alone.data(), nullptr);
    EXPECT_TRUE(std::equal(weight_alone.begin(), weight_alone.end(), all[0].begin()));
  }
}

}  // namespace
}  // namespace relatum::testing
