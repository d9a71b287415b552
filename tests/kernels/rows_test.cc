// Holds the row operations on whole matrices: gaps between rows, types, one and two threads.
#include "kernels/rows.h"

#include <gtest/gtest.h>

#include "base/parallel_for.h"
#include "kernels/isa/table.h"
#include "kernels/ref/norms.h"
#include "kernels/ref/softmax.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using namespace kernels;

// Enough rows that two threads share the work (a thread wants 2^14 elements).
constexpr int64_t kRows = 70, kCols = 513;
constexpr float kEpsilon = 0x1p-17f;

template <class T>
class RowOperations : public ::testing::Test {
 protected:
  ~RowOperations() override { set_thread_count(threads_); }
  // Each row of a matrix is computed from that row alone, so all rows and any thread count must
  // give the same bits as a matrix of that one row.
  template <class Call>
  void expect_row_by_row(const Call& call) {
    set_thread_count(1);
    const auto one = call();
    set_thread_count(2);
    const auto two = call();
    EXPECT_TRUE(one.gaps_kept() && two.gaps_kept());
    for (int64_t r = 0; r < one.rows(); ++r) ASSERT_EQ(one.row(r), two.row(r)) << r;
  }
  int threads_ = thread_count();
};
using Types = ::testing::Types<float, bf16>;
TYPED_TEST_SUITE(RowOperations, Types);

TYPED_TEST(RowOperations, RmsNorm) {
  using T = TypeParam;
  auto x = Gapped<float>::random(kRows, kCols, 1), w = Gapped<float>::random(1, kCols, 2);
  auto dy = Gapped<T>::random(kRows, kCols, 3);
  std::vector<float> rstd(kRows);
  this->expect_row_by_row([&] {
    Gapped<T> y(kRows, kCols, 5);
    rmsnorm(x.view(), w.view().data, kEpsilon, y.view(), rstd.data());
    return y;
  });
  for (int64_t r = 0; r < kRows; ++r) {
    expect_close<float>(double(rstd[size_t(r)]),
                        ref::rms_scale(x.row<Running>(r), double(kEpsilon)), "rstd");
  }
  this->expect_row_by_row([&] {
    auto dx = Gapped<float>::random(kRows, kCols, 4);
    rmsnorm_backward(dy.view(), x.view(), w.view().data, rstd.data(), dx.view());
    return dx;
  });
}

TYPED_TEST(RowOperations, LayerNorm) {
  auto x = Gapped<float>::random(kRows, kCols, 1), dy = Gapped<float>::random(kRows, kCols, 3);
  auto w = Gapped<float>::random(1, kCols, 2), b = Gapped<float>::random(1, kCols, 5);
  std::vector<float> stats(2 * kRows);
  this->expect_row_by_row([&] {
    Gapped<float> y(kRows, kCols, 5);
    layernorm(x.view(), w.view().data, b.view().data, kEpsilon, y.view(), stats.data());
    return y;
  });
  const auto want = ref::moments(x.row<Running>(kRows - 1), double(kEpsilon));
  expect_close<float>(double(stats[2 * kRows - 2]), want.mean, "mean");
  expect_close<float>(double(stats[2 * kRows - 1]), want.rstd, "rstd");
  this->expect_row_by_row([&] {
    auto dx = Gapped<float>::random(kRows, kCols, 4);
    layernorm_backward(dy.view(), x.view(), w.view().data, stats.data(), dx.view());
    return dx;
  });
}

TYPED_TEST(RowOperations, ActivationsReadBothHalves) {
  using T = TypeParam;
  auto gate_up = Gapped<T>::random(kRows, 2 * kCols, 1), dy = Gapped<T>::random(kRows, kCols, 2);
  this->expect_row_by_row([&] {
    Gapped<T> y(kRows, kCols, 5);
    gate(Activation::kSilu, gate_up.view(), y.view());
    return y;
  });
  this->expect_row_by_row([&] {
    Gapped<T> d(kRows, 2 * kCols, 5);
    gate_backward(Activation::kGelu, dy.view(), gate_up.view(), d.view());
    return d;
  });
  // The same as the loop on one row's halves.
  Gapped<T> y(kRows, kCols), row(1, kCols);
  gate(Activation::kSilu, gate_up.view(), y.view());
  const T* last = gate_up.view().row(kRows - 1);
  const auto& loops = typed_table<T>().activations[int(Activation::kSilu)];
  loops.gated(last, last + kCols, row.view().data, kCols);
  EXPECT_EQ(y.row(kRows - 1), row.row(0));
}

TYPED_TEST(RowOperations, PlainActivations) {
  using T = TypeParam;
  auto x = Gapped<T>::random(kRows, kCols, 1, 3), dy = Gapped<T>::random(kRows, kCols, 2);
  this->expect_row_by_row([&] {
    Gapped<T> y(kRows, kCols, 5);
    activate(Activation::kRelu, x.view(), y.view());
    return y;
  });
  this->expect_row_by_row([&] {
    Gapped<T> dx(kRows, kCols, 5);
    activate_backward(Activation::kGeluTanh, dy.view(), x.view(), dx.view());
    return dx;
  });
}

TYPED_TEST(RowOperations, RopeTakesEachRowsAngles) {
  using T = TypeParam;
  constexpr int64_t kHeads = 9, kSize = 64;
  auto table = Gapped<float>::random(kRows, kSize, 1);
  const auto x = Gapped<T>::random(kRows, kHeads * kSize, 2);
  this->expect_row_by_row([&] {
    auto y = x;
    rope(y.view(), kSize, table.view(), false);
    return y;
  });
  auto y = x, row = Gapped<T>(1, kHeads * kSize);
  rope(y.view(), kSize, table.view(), true);
  for (int64_t c = 0; c < row.cols(); ++c) put(row.at(0, c), x.get(5, c));
  const float* angles = table.view().row(5);
  typed_table<T>().rope(row.view().data, angles, angles + kSize / 2, -1.0f, kHeads, kSize / 2);
  EXPECT_EQ(y.row(5), row.row(0));
}

TYPED_TEST(RowOperations, DropoutDependsOnKeyAndSaltAlone) {
  using T = TypeParam;
  auto x = Gapped<T>::random(kRows, kCols, 1);
  std::vector<uint64_t> keys(kRows);
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = mix64(i);
  const auto drop = [&](uint64_t salt) {
    Gapped<T> y(kRows, kCols, 5);
    dropout(x.view(), {keys, salt, 0.5f}, false, y.view());
    return y;
  };
  this->expect_row_by_row([&] { return drop(1); });
  const auto first = drop(1), other = drop(2);
  for (int64_t r = 0; r < kRows; ++r) EXPECT_NE(first.row(r), other.row(r)) << r;
  // The same row and key somewhere else.
  Gapped<T> moved(1, kCols);
  dropout(x.view().rows_from(40, 1), {{&keys[40], 1}, 1, 0.5f}, false, moved.view());
  EXPECT_EQ(moved.row(0), first.row(40));
}

TYPED_TEST(RowOperations, ConvertToAndFrom) {
  using T = TypeParam;
  auto x = Gapped<float>::random(kRows, kCols, 1);
  this->expect_row_by_row([&] {
    Gapped<T> y(kRows, kCols, 5);
    convert(x.view(), y.view());
    return y;
  });
  Gapped<T> narrow(kRows, kCols);
  Gapped<float> back(kRows, kCols);
  convert(x.view(), narrow.view());
  convert(narrow.view(), back.view());
  for (int64_t r = 0; r < kRows; ++r) EXPECT_EQ(back.row(r), narrow.row(r));
}

TYPED_TEST(RowOperations, CrossEntropySumsAllRows) {
  using T = TypeParam;
  auto logits = Gapped<float>::random(kRows, kCols, 1, 9);
  std::vector<int32_t> targets;
  Running want;
  for (int64_t r = 0; r < kRows; ++r) {
    targets.push_back(int32_t((r * 71) % kCols));
    want += ref::cross_entropy(logits.row<Running>(r), targets.back());
  }
  std::vector<double> sums(kRows);
  this->expect_row_by_row([&] {
    Gapped<T> d(kRows, kCols, 5);
    expect_close<float>(cross_entropy(logits.view(), targets, d.view(), sums), want, "loss");
    return d;
  });
  expect_close<float>(cross_entropy(logits.view(), targets, Mat{}, sums), want, "loss alone");
  log_sum_exp(logits.view(), sums);
  expect_close<float>(sums[3], ref::log_sum_exp(logits.row<Running>(3)), "log_sum_exp");
}

TEST(Largest, IsTheFirstOfThem) {
  for (const size_t size : {1u, 7u, 1023u, 1024u, 1025u, 5000u}) {
    std::vector<float> row(size, -2.0f);
    EXPECT_EQ(largest(row), 0) << size;
    for (const size_t at : {size - 1, size / 2, size_t{0}}) {
      row[at] = -1.0f;  // as large as those behind it
      EXPECT_EQ(largest(row), int64_t(at)) << size;
    }
  }
}

TYPED_TEST(RowOperations, GatherAndScatter) {
  using T = TypeParam;
  auto x = Gapped<T>::random(9, 33, 1);
  const std::vector<int64_t> rows{8, 0, 3};
  Gapped<T> y(3, 33, 5);
  gather_rows(x.view(), rows, y.view());
  EXPECT_TRUE(y.gaps_kept());
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(y.row(int64_t(i)), x.row(rows[i]));
  auto sums = Gapped<float>::random(9, 33, 2), more = Gapped<float>::random(3, 33, 3);
  const auto before = sums;
  scatter_add_rows(more.view(), rows, sums.view());
  EXPECT_EQ(sums.row(1), before.row(1));
  for (int64_t c = 0; c < 33; ++c) {
    EXPECT_EQ(float(sums.get(3, c)), float(before.get(3, c)) + float(more.get(2, c)));
  }
}

TYPED_TEST(RowOperations, NoRowsNoWork) {
  using T = TypeParam;
  Gapped<float> x(0, kCols);
  Gapped<T> y(0, kCols);
  float weight = 1;
  rmsnorm(x.view(), &weight, kEpsilon, y.view(), nullptr);
  convert(x.view(), y.view());
  EXPECT_EQ(cross_entropy(x.view(), {}, Mat{}, {}), 0.0);
}

}  // namespace
}  // namespace relatum::testing
