// Holds the twins' backward formulas to the complex step of their forward formulas.
#include <gtest/gtest.h>

#include "kernels/ref/activations.h"
#include "kernels/ref/attention.h"
#include "kernels/ref/gemm.h"
#include "kernels/ref/norms.h"
#include "kernels/ref/rope.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using namespace kernels;

constexpr double kEpsilon = 1e-5;  // the norms' own, as in published models

std::vector<double> random(int64_t n, uint64_t seed) {
  return Gapped<float>::random(1, n, seed, 2).row(0);
}

// A value from the same generic lambda at each number type.
template <class F>
void expect_formula(const F& backward, const std::vector<double>& by_step) {
  expect_gradient(backward(double{}), by_step, backward(Running{}));
}

TEST(Gradients, RmsNorm) {
  const auto x = random(7, 1), w = random(7, 2), dy = random(7, 3);
  const auto step = complex_gradient(
      [&](const auto& at) { return ref::rmsnorm(at, convert_all<Complex>(w), kEpsilon); }, x, dy);
  expect_formula(
      [&]<class S>(S) {
    const auto at = convert_all<S>(x);
    return ref::rmsnorm_backward(convert_all<S>(dy), at, convert_all<S>(w),
                                 ref::rms_scale(at, kEpsilon));
      },
      step);
}

TEST(Gradients, LayerNorm) {
  const auto x = random(7, 1), w = random(7, 2), b = random(7, 4), dy = random(7, 3);
  const auto step = complex_gradient(
      [&](const auto& at) {
    return ref::layernorm(at, convert_all<Complex>(w), convert_all<Complex>(b), kEpsilon);
      },
      x, dy);
  expect_formula(
      [&]<class S>(S) {
    const auto at = convert_all<S>(x);
    return ref::layernorm_backward(convert_all<S>(dy), at, convert_all<S>(w),
                                   ref::moments(at, kEpsilon));
      },
      step);
}

constexpr Activation kAll[] = {Activation::kSilu, Activation::kGelu, Activation::kGeluTanh,
                               Activation::kRelu};

TEST(Gradients, GatedActivations) {
  for (const Activation f : kAll) {
    for (const double gate : {-5.0, -0.75, 0.0, 0.5, 3.0}) {
      const std::vector<double> x{gate, 1.25}, dy{-0.5};
      const auto step = complex_gradient(
          [&](const auto& at) { return std::vector<Complex>{ref::gate(f, at[0], at[1])}; }, x, dy);
      expect_formula(
          [&]<class S>(S) {
        const auto d = ref::gate_backward(f, S(dy[0]), S(x[0]), S(x[1]));
        return std::vector<S>{d.gate, d.up};
          },
          step);
    }
  }
}

TEST(Gradients, PlainActivations) {
  for (const Activation f : kAll) {
    for (const double at : {-4.0, -1.5, 0.0, 0.25, 2.0}) {
      const auto step = complex_gradient(
          [&](const auto& x) { return std::vector<Complex>{ref::activate(f, x[0])}; }, {at}, {1.5});
      expect_formula(
          [&]<class S>(S) { return std::vector<S>{ref::activate_backward(f, S(1.5), S(at))}; },
          step);
    }
  }
}

TEST(Gradients, RopeIsUndoneByTheOppositeAngle) {
  const auto x = random(6, 1), dy = random(6, 2);
  std::vector<double> cosine, sine, opposite;
  for (const double angle : {0.3, 2.0, -1.1}) {
    cosine.push_back(std::cos(angle));
    sine.push_back(std::sin(angle));
    opposite.push_back(-sine.back());
  }
  const auto step = complex_gradient(
      [&](const auto& at) {
    return ref::rope(at, convert_all<Complex>(cosine), convert_all<Complex>(sine));
      },
      x, dy);
  expect_formula(
      [&]<class S>(S) {
    return ref::rope(convert_all<S>(dy), convert_all<S>(cosine), convert_all<S>(opposite));
      },
      step);
}

TEST(Gradients, CrossEntropy) {
  const auto x = random(9, 1);
  const auto step = complex_gradient(
      [](const auto& at) { return std::vector<Complex>{ref::cross_entropy(at, 4)}; }, x, {1.0});
  expect_formula([&]<class S>(S) { return ref::cross_entropy_backward(convert_all<S>(x), 4); },
                 step);
}

// Three queries, five keys, a pattern that is neither causal nor full; q, k, v in one list.
constexpr size_t kQueries = 3, kKeys = 5, kWidth = 4;

template <class S>
ref::Head<S> head_of(const std::vector<S>& x) {
  ref::Head<S> head;
  head.scale = 0.5;
  head.sees = {{true, false, true, true, false},
               {true, true, true, true, true},
               {false, false, false, false, true}};
  for (size_t r = 0; r < kQueries + 2 * kKeys; ++r) {
    auto& rows = r < kQueries ? head.q : r < kQueries + kKeys ? head.k : head.v;
    const auto begin = x.begin() + std::ptrdiff_t(r * kWidth);
    rows.emplace_back(begin, begin + std::ptrdiff_t(kWidth));
  }
  return head;
}
template <class S>
std::vector<S> flat(const ref::Rows<S>& rows) {
  std::vector<S> result;
  for (const auto& row : rows) result.insert(result.end(), row.begin(), row.end());
  return result;
}

TEST(Gradients, Attention) {
  const auto x = random((kQueries + 2 * kKeys) * kWidth, 1), dy = random(kQueries * kWidth, 2);
  const auto step = complex_gradient(
      [](const auto& at) { return flat(ref::attention(head_of(at)).out); }, x, dy);
  expect_formula(
      [&]<class S>(S) {
    const ref::Head<S> head = head_of(convert_all<S>(x));
    ref::Rows<S> dout(kQueries);
    for (size_t i = 0; i < dy.size(); ++i) dout[i / kWidth].push_back(S(dy[i]));
    const auto d = ref::attention_backward(head, ref::attention(head), dout);
    std::vector<S> all = flat(d.q);
    for (const auto& rows : {d.k, d.v}) {
      const auto part = flat(rows);
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
      },
      step);
}

}  // namespace
}  // namespace relatum::testing
