// Holds layer norm, the reductions, cross-entropy and AdamW to their scalar twins.
#include <gtest/gtest.h>

#include "kernels/ref/adamw.h"
#include "kernels/ref/norms.h"
#include "kernels/ref/softmax.h"
#include "support/isa.h"
#include "support/numbers.h"

namespace relatum::testing {
namespace {

using namespace kernels;

// Calls body(table, length, name) for each set and length.
template <class Body>
void sweep(const Body& body) {
  for (const NamedTable& named : tables()) {
    for (const int64_t n : lengths()) {
      body(*named.table, n, named.name + " n=" + std::to_string(n));
    }
  }
}

constexpr float kEpsilon = 0x1p-17f;

TEST(Sums, LayerNorm) {
  sweep([](const Table& t, int64_t n, const std::string& name) {
    auto x = Gapped<float>::random(1, n, 1, 3), w = Gapped<float>::random(1, n, 2),
         b = Gapped<float>::random(1, n, 3);
    Gapped<float> y(1, n);
    float stats[2] = {};
    t.layernorm(x.view().data, {w.view().data, b.view().data, kEpsilon}, y.view().data, stats, n);
    EXPECT_TRUE(y.gaps_kept()) << name;
    if (n == 0) return;
    const auto at = x.row<Running>(0);
    const auto want = ref::moments(at, double(kEpsilon));
    expect_close<float>(double(stats[0]), want.mean, name);
    expect_close<float>(double(stats[1]), want.rstd, name);
    expect_row_close(
        y, 0, 0, ref::layernorm(at, w.row<Running>(0), b.row<Running>(0), double(kEpsilon)), name);
  });
}

TEST(Sums, LayerNormBackwardAddsToTheGradient) {
  sweep([](const Table& t, int64_t n, const std::string& name) {
    auto x = Gapped<float>::random(1, n, 1, 3), w = Gapped<float>::random(1, n, 2),
         dy = Gapped<float>::random(1, n, 3), dx = Gapped<float>::random(1, n, 4);
    const auto before = dx.row<Running>(0);
    constexpr float kMean = 0.125f, kRstd = 0.75f, kStats[] = {kMean, kRstd};
    t.layernorm_backward(dy.view().data, x.view().data, w.view().data, kStats, dx.view().data, n);
    EXPECT_TRUE(dx.gaps_kept()) << name;
    if (n == 0) return;
    const ref::Moments<Running> m{Running(double(kMean)), Running(double(kRstd))};
    auto want = ref::layernorm_backward(dy.row<Running>(0), x.row<Running>(0), w.row<Running>(0),
                                        m);
    for (size_t i = 0; i < want.size(); ++i) want[i] += before[i];
    expect_row_close(dx, 0, 0, want, name);
  });
}

TEST(Sums, AddAndSumOfSquares) {
  sweep([](const Table& t, int64_t n, const std::string& name) {
    auto x = Gapped<float>::random(1, n, 1, 3), y = Gapped<float>::random(1, n, 2);
    const auto before = y.row<Running>(0), at = x.row<Running>(0);
    t.add(x.view().data, y.view().data, n);
    EXPECT_TRUE(y.gaps_kept()) << name;
    for (int64_t i = 0; i < n; ++i) {
      EXPECT_EQ(float(y.get(0, i)), float(before[size_t(i)].value) + float(x.get(0, i))) << name;
    }
    expect_close<float>(t.sum_squares(x.view().data, n), ref::dot(at, at), name);
  });
}

TEST(Sums, SumOfSquaresOfManyStaysExact) {
  // 2^25 ones: a plain float sum would stop at 2^24.
  const std::vector<float> ones(size_t{1} << 25, 1.0f);
  for (const NamedTable& named : tables()) {
    EXPECT_EQ(named.table->sum_squares(ones.data(), int64_t(ones.size())), double(1 << 25));
  }
}

TEST(Sums, LogSumExp) {
  sweep([](const Table& t, int64_t n, const std::string& name) {
    if (n == 0) return;  // a vocabulary has at least one token
    auto x = Gapped<float>::random(1, n, 1, 30);
    expect_close<float>(t.log_sum_exp(x.view().data, n), ref::log_sum_exp(x.row<Running>(0)), name);
  });
}

template <class T>
void expect_cross_entropy(const Table& t, Gapped<float>& logits, const std::string& name) {
  const int64_t n = logits.cols();
  const auto at = logits.row<Running>(0);
  for (const int64_t target : {int64_t{0}, n / 2, n - 1}) {
    Gapped<T> d(1, n);
    const double loss = typed<T>(t).cross_entropy_backward(logits.view().data, int32_t(target),
                                                           d.view().data, n);
    EXPECT_TRUE(d.gaps_kept()) << name;
    expect_close<float>(loss, ref::cross_entropy(at, int32_t(target)), name);
    expect_row_close(d, 0, 0, ref::cross_entropy_backward(at, int32_t(target)), name);
  }
}

TEST(Sums, CrossEntropy) {
  sweep([](const Table& t, int64_t n, const std::string& name) {
    if (n == 0) return;
    auto logits = Gapped<float>::random(1, n, 1, 20);
    expect_cross_entropy<float>(t, logits, name);
    expect_cross_entropy<bf16>(t, logits, name);
  });
}

TEST(Sums, CrossEntropyOfHugeLogitsIsFinite) {
  for (const NamedTable& named : tables()) {
    std::vector<float> logits{3e38f, -3e38f, 1e4f, 0.0f}, d(4);
    EXPECT_EQ(named.table->f32.cross_entropy_backward(logits.data(), 0, d.data(), 4), 0.0);
    EXPECT_EQ(d, (std::vector<float>{0, 0, 0, 0}));
  }
}

TEST(Sums, AdamW) {
  const AdamWStep step{0.01f, 0.9f, 0.999f, 1e-8f, 0.1f, 0.271f, 0.002997f, 0.125f};
  const ref::AdamWNumbers numbers{double(step.learning_rate), double(step.beta1),
                                  double(step.beta2),         double(step.epsilon),
                                  double(step.weight_decay),  double(step.correction1),
                                  double(step.correction2),   double(step.grad_scale)};
  sweep([&](const Table& t, int64_t n, const std::string& name) {
    auto value = Gapped<float>::random(1, n, 1), grad = Gapped<float>::random(1, n, 2, 8),
         m = Gapped<float>::random(1, n, 3), v = Gapped<float>::random(1, n, 4);
    for (int64_t i = 0; i < n; ++i) v.at(0, i) = std::abs(v.at(0, i));
    const auto value0 = value, m0 = m, v0 = v;
    t.adamw(step, value.view().data, grad.view().data, m.view().data, v.view().data, n);
    EXPECT_TRUE(value.gaps_kept() && m.gaps_kept() && v.gaps_kept()) << name;
    for (int64_t i = 0; i < n; ++i) {
      const auto want = ref::adamw<Running>(
          numbers, {Running(value0.get(0, i)), Running(m0.get(0, i)), Running(v0.get(0, i))},
          Running(grad.get(0, i)));
      expect_close<float>(value.get(0, i), want.value, name);
      expect_close<float>(m.get(0, i), want.m, name);
      expect_close<float>(v.get(0, i), want.v, name);
    }
  });
}

}  // namespace
}  // namespace relatum::testing
