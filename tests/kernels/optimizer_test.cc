// Holds the optimiser's sweeps on all threads to the plain loop.
#include "kernels/optimizer.h"

#include <gtest/gtest.h>

#include "base/parallel_for.h"
#include "support/numbers.h"
#include "support/tolerance.h"

namespace relatum::testing {
namespace {

using namespace kernels;

struct State {
  std::vector<float> value, grad, m, v;
};

State random_state(int64_t n) {
  State s;
  for (std::vector<float>* x : {&s.value, &s.grad, &s.m, &s.v}) {
    const Rng rng(uint64_t(x - &s.value), 1);
    for (int64_t i = 0; i < n; ++i) x->push_back(float(rng.uniform(uint64_t(i))));
  }
  return s;
}

TEST(Optimizer, ThreadsChangeNoBit) {
  constexpr int64_t kSize = (1 << 16) + 7;
  const AdamWStep step{0.01f, 0.9f, 0.999f, 1e-8f, 0.1f, 0.1f, 0.001f, 0.5f};
  const int threads = thread_count();
  std::vector<State> results;
  for (const int count : {1, 2}) {
    set_thread_count(count);
    results.push_back(random_state(kSize));
    State& s = results.back();
    adamw(step, s.value, s.grad, s.m, s.v);
  }
  set_thread_count(threads);
  EXPECT_EQ(results[0].value, results[1].value);
  EXPECT_EQ(results[0].m, results[1].m);
  EXPECT_EQ(results[0].v, results[1].v);
  EXPECT_NE(results[0].value, random_state(kSize).value);
}

TEST(Optimizer, SumOfSquaresDependsOnTheSizeAlone) {
  const int threads = thread_count();
  for (const int64_t size : {100003, (1 << 21) + 5}) {
    const State s = random_state(size);
    set_thread_count(1);
    const double one = sum_squares(s.grad);
    set_thread_count(2);
    EXPECT_EQ(one, sum_squares(s.grad));
    double want = 0;
    for (const float x : s.grad) want += double(x) * double(x);
    // Stretches of 1,024 are added up in f32.
    EXPECT_NEAR(one, want, want * rounding_bound(1025));
  }
  set_thread_count(threads);
  EXPECT_EQ(sum_squares({}), 0.0);
}

}  // namespace
}  // namespace relatum::testing
