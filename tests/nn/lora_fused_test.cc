// Holds the adapter's fused products to the general ones, dropout included, without a tolerance:
// all values are small integers, which bf16 holds exactly up to 256, and dropout at 1/2 doubles.
#include <gtest/gtest.h>

#include "base/rng.h"
#include "kernels/cpu.h"
#include "kernels/lora.h"
#include "nn/linear.h"
#include "quant/format.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using nn::Linear;

constexpr int64_t kRows = 21, kIn = 40;
constexpr int64_t kOuts[] = {33, 18};

// -1, 0 or 1; of `share` of the places, the others are 0.
template <class T>
Gapped<T> signs(int64_t rows, int64_t cols, uint64_t seed, double share = 1) {
  Gapped<T> values(rows, cols, 0);
  const Rng rng(seed, 1), chosen(seed, 2);
  for (int64_t i = 0; i < rows * cols; ++i) {
    const double sign = std::floor(3 * rng.uniform(uint64_t(i))) - 1;
    put(values.at(i / cols, i % cols), chosen.uniform(uint64_t(i)) < share ? sign : 0.0);
  }
  return values;
}

// A linear of two parts whose frozen weights are zero: what comes out is the adapter's.
Linear empty_linear(DType compute) {
  std::vector<Linear::Part> parts;
  for (const int64_t out : kOuts) {
    const std::string name = "part" + std::to_string(parts.size());
    Gapped<float> zeros = Gapped<float>::random(out, kIn, 1, 0, 0);
    parts.push_back({name, quant::encode("f32", name, zeros.view())});
  }
  Linear linear(std::move(parts));
  linear.prepare(compute, true);
  return linear;
}

void append(Mat m, std::vector<double>& all) {
  for (int64_t i = 0; i < m.rows * m.cols; ++i) {
    const int64_t r = i / m.cols, c = i % m.cols;
    all.push_back(m.type == DType::kF32 ? double(m.as<float>().row(r)[c])
                                        : double(to_float(m.as<bf16>().row(r)[c])));
  }
}

// y, dx, dA and both dB of one pass, one behind the other.
template <class T>
std::vector<double> results(bool residual, int64_t rank) {
  const double share = std::min(1.0, 8.0 / double(rank));  // sums of many ranks stay small
  Gapped<T> x = signs<T>(kRows, kIn, 1), a = signs<T>(2 * rank, kIn, 2, share),
            b[] = {signs<T>(rank, kOuts[0], 3, share), signs<T>(rank, kOuts[1], 4, share)};
  auto a_grad = signs<float>(2 * rank, kIn, 5);
  Gapped<float> b_grad[] = {signs<float>(rank, kOuts[0], 6), signs<float>(rank, kOuts[1], 7)};
  nn::LoraGroup group;
  group.a = a.view();
  group.a_grad = a_grad.view();
  group.dropout = 0.5f;
  group.salt = 9;
  for (int64_t p = 0; p < 2; ++p) {
    group.parts.push_back(
        {p * kOuts[0], kOuts[p], p * rank, rank, 0.5f, b[p].view(), b_grad[p].view()});
  }
  Linear linear = empty_linear(DTypeOf<T>::value);
  nn::LoraSet set;
  set.add(linear, &group);
  std::vector<uint64_t> keys;
  for (uint64_t r = 0; r < uint64_t(kRows); ++r) keys.push_back(mix64(r));
  Arena arena;
  nn::Graph graph(arena, DTypeOf<T>::value, true);
  auto above = signs<float>(kRows, kOuts[0] + kOuts[1], 8);
  const nn::Var in = graph.wrap(x.view(), true);
  const nn::Var y = residual ? nn::linear_residual(graph, linear, in,
                                                   graph.wrap(above.view(), true), {&set, keys, 3})
                             : nn::linear(graph, linear, in, {&set, keys, 3});
  auto dy = signs<T>(kRows, kOuts[0] + kOuts[1], 10);
  auto wide_dy = signs<float>(kRows, kOuts[0] + kOuts[1], 10);
  graph.set_grad(y, residual ? Mat(wide_dy.view()) : Mat(dy.view()));
  graph.backward();
  std::vector<double> all;
  append(graph.value(y), all);
  append(graph.grad(in), all);
  append(a_grad.view(), all);
  for (Gapped<float>& each : b_grad) append(each.view(), all);
  return all;
}

class FusedLora : public ::testing::TestWithParam<std::tuple<bool, int64_t>> {};

TEST_P(FusedLora, EqualsTheGeneralProducts) {
  const auto [residual, rank] = GetParam();
  if (!kernels::has_fast_bf16()) GTEST_SKIP() << "needs a CPU with products of bf16";
  ASSERT_TRUE(kernels::has_lora_kernels(rank));
  const std::vector<double> general = results<float>(residual, rank),
                            fused = results<bf16>(residual, rank);
  for (const double value : general) ASSERT_LE(std::abs(value), 256) << "not exact in bf16";
  EXPECT_GT(std::count_if(general.begin(), general.end(), [](double v) { return v != 0; }),
            int64_t(general.size() / 2))
      << "mostly zeros show little";
  EXPECT_EQ(fused, general);
}

INSTANTIATE_TEST_SUITE_P(Residual, FusedLora,
                         ::testing::Combine(::testing::Bool(),
                                            ::testing::Values(1, 3, 4, 170, 171, 256, 600)));

}  // namespace
}  // namespace relatum::testing
