// Holds the integer linear to the one it stands for, within what its two roundings allow.
#include <gtest/gtest.h>

#include "kernels/cpu.h"
#include "kernels/ref/hadamard.h"
#include "nn/linear_problem.h"
#include "support/tensors.h"

namespace relatum::testing {
namespace {

// Largest of |row|.
double largest(const std::vector<Running>& row) {
  double most = 0;
  for (const Running& value : row) most = std::max(most, std::abs(value.value));
  return most;
}

// Rows as they are when they become integers.
Rows<Running> turned(const Rows<Running>& rows) {
  Rows<Running> result;
  for (const auto& row : rows) result.push_back(kernels::ref::hadamard(row));
  return result;
}

// Each of K terms is off by half a step of x and half a step of w. Gives the largest share of
// that which was used up.
double expect_near(Mat got, const Rows<Running>& x, const Rows<Running>& w,
                   const Rows<Running>& exact) {
  double worst = 0;
  for (int64_t r = 0; r < got.rows; ++r) {
    for (int64_t c = 0; c < got.cols; ++c) {
      const double mx = largest(x[size_t(r)]), mw = largest(w[size_t(c)]);
      double bound = 0;
      for (int64_t k = 0; k < kIn; ++k) {
        const double ax = std::abs(x[size_t(r)][size_t(k)].value),
                     aw = std::abs(w[size_t(c)][size_t(k)].value);
        bound += 0.501 / 127 * (mx * aw + mw * ax) + 0.25 / 127 / 127 * mx * mw;
      }
      const double value = exact[size_t(r)][size_t(c)].value;
      const double y = got.type == DType::kF32 ? double(got.as<float>().row(r)[c])
                                               : double(to_float(got.as<bf16>().row(r)[c]));
      // In bf16 the result is rounded twice, by 2^-8 at most each time.
      EXPECT_NEAR(y, value, bound + 0.01 * std::abs(value)) << r << ' ' << c;
      worst = std::max(worst, std::abs(y - value) / bound);
    }
  }
  return worst;
}

class Int8Linear : public ::testing::TestWithParam<std::tuple<DType, bool, bool>> {
 protected:
  void SetUp() override {
    if (std::get<0>(GetParam()) == DType::kBF16 && !kernels::has_fast_bf16()) {
      GTEST_SKIP() << "no bf16 products here";
    }
  }
};

TEST_P(Int8Linear, IsNearTheExactProduct) {
  const auto [compute, with_residual, with_bias] = GetParam();
  Linear layer = make_linear("bf16", with_bias);
  layer.prepare_int8(compute, nullptr);
  const auto check = [&, residual = with_residual]<class T>() {  // clang 14 captures no binding
    Pass<T> pass(layer, residual);
    const Rows<Running> w = decoded(layer), x = rows_of(pass.x);
    kernels::ref::GemmTwin<Running> twin{x, transposed(w)};
    for (const float b : layer.bias()) twin.bias.emplace_back(double(b));
    if (residual) twin.add = rows_of(pass.residual);
    const double worst = expect_near(pass.graph.value(pass.y), turned(x), turned(w),
                                     kernels::ref::gemm(twin, kRows, kOut));
    EXPECT_GT(worst, 1e-4);  // it is rounded, after all
  };
  if (compute == DType::kBF16) {
    check.operator()<bf16>();
  } else {
    check.operator()<float>();
  }
}

INSTANTIATE_TEST_SUITE_P(All, Int8Linear,
                         ::testing::Combine(::testing::Values(DType::kF32, DType::kBF16),
                                            ::testing::Bool(), ::testing::Bool()));

TEST(Int8LinearWithAdapter, ItBecomesPartOfTheWeights) {
  constexpr int64_t kRank = 2;
  auto a = Gapped<float>::random(2 * kRank, kIn, 11);
  Gapped<float> b[] = {Gapped<float>::random(kRank, kOuts[0], 12),
                       Gapped<float>::random(kRank, kOuts[1], 13)};
  nn::LoraGroup group;
  group.a = a.view();
  group.dropout = 0.5f;
  for (int64_t p = 0; p < 2; ++p) {
    group.parts.push_back({p * kOuts[0], kOuts[p], p * kRank, kRank, 0.5f, b[p].view(), {}});
  }
  Linear layer = make_linear("f32", false);
  layer.prepare_int8(DType::kF32, &group);
  Pass<float> pass(layer);
  Rows<Running> w = decoded(layer);
  for (int64_t p = 0; p < 2; ++p) {
    for (int64_t n = 0; n < kOuts[p]; ++n) {
      for (int64_t k = 0; k < kIn; ++k) {
        Running& sum = w[size_t(p * kOuts[0] + n)][size_t(k)];
        for (int64_t r = 0; r < kRank; ++r) {
          sum = sum + Running(0.5 * b[p].get(r, n) * a.get(p * kRank + r, k));
        }
      }
    }
  }
  const Rows<Running> x = rows_of(pass.x);
  const kernels::ref::GemmTwin<Running> twin{x, transposed(w)};
  expect_near(pass.graph.value(pass.y), turned(x), turned(w),
              kernels::ref::gemm(twin, kRows, kOut));
}

// With magnitudes, too, whether products are of integers or, of few rows, of the stored blocks.
TEST(Int8LinearWithAdapter, ItsScalesArePartOfTheWeights) {
  constexpr int64_t kRank = 2;
  auto a = Gapped<float>::random(kRank, kIn, 11);
  auto b = Gapped<float>::random(kRank, kOuts[1], 13);
  nn::LoraGroup group;
  group.a = a.view();
  group.parts.push_back({kOuts[0], kOuts[1], 0, kRank, 0.5f, b.view(), {}});
  std::vector<float> scale(size_t(kOut), 1.0f), inverse(size_t(kOut), 0.0f);
  for (int64_t n = kOuts[0]; n < kOut; ++n) scale[size_t(n)] = 0.5f + 0.05f * float(n);
  group.column_scale = scale;
  group.inverse_norm = inverse;
  for (const char* format : {"f32", "q8_0"}) {
    Linear exact = make_linear(format, true), layer = make_linear(format, true);
    exact.prepare(DType::kF32, true);
    layer.prepare_int8(DType::kF32, &group);
    nn::LoraSet set;
    set.add(exact, &group);
    auto x = Gapped<float>::random(kRows, kIn, 1);
    for (const int64_t rows : {int64_t{2}, kRows}) {
      Arena arena;
      Graph graph(arena, DType::kF32, false);
      const Var in = graph.wrap(Mat(x.view()).rows_from(0, rows), false);
      const Mat want = graph.value(nn::linear(graph, exact, in, {&set}));
      const Mat got = graph.value(nn::linear(graph, layer, in));
      // 8 bits for each factor of a product: half a step of the largest each, of 127 steps.
      EXPECT_LT(distance(got.as<float>(), want.as<float>()), 2.0 / 127) << format << " " << rows;
    }
  }
}

}  // namespace
}  // namespace relatum::testing
