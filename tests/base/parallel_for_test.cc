// Every index is visited once, for any length, grain and thread count.
#include "base/parallel_for.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace relatum {
namespace {

class ParallelFor : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    before_ = thread_count();
    set_thread_count(GetParam());
  }
  void TearDown() override { set_thread_count(before_); }
  int before_ = 1;
};
INSTANTIATE_TEST_SUITE_P(Threads, ParallelFor, ::testing::Values(1, 2, 3));

TEST_P(ParallelFor, VisitsEveryIndexOnce) {
  for (int64_t n : {0, 1, 2, 5, 16, 1000}) {
    for (int64_t grain : {0, 1, 7, 1000}) {
      std::vector<std::atomic<int>> visits(static_cast<size_t>(n));
      parallel_for(n, grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) ++visits[size_t(i)];
      });
      for (const auto& count : visits) ASSERT_EQ(count, 1);
    }
  }
}

TEST_P(ParallelFor, PartsAreNoSmallerThanTheGrain) {
  std::atomic<int64_t> least{1000};
  parallel_for(1000, 300, [&](int64_t begin, int64_t end) {
    int64_t seen = least;
    while (end - begin < seen && !least.compare_exchange_weak(seen, end - begin)) {
    }
  });
  EXPECT_GE(least, 300);
}

TEST_P(ParallelFor, BodiesThatRunAtOnceHaveSlotsOfTheirOwn) {
  std::vector<std::atomic<int>> users(static_cast<size_t>(GetParam()));
  std::atomic<bool> shared{false}, outside{false};
  const auto use = [&] {
    const int slot = parallel_slot();
    if (slot < 0 || slot >= GetParam()) {
      outside = true;
      return;
    }
    if (++users[size_t(slot)] > 1) shared = true;
    for (int i = 0; i < 1000; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);
    --users[size_t(slot)];
  };
  parallel_each(100, [&](int64_t) { use(); });
  parallel_for(100, 1, [&](int64_t, int64_t) { use(); });
  EXPECT_FALSE(shared);
  EXPECT_FALSE(outside);
  EXPECT_EQ(parallel_slot(), 0);
}

TEST_P(ParallelFor, ACallersOwnTeamHasTheFirstSlot) {
  std::atomic<int> others{0};
#pragma omp parallel num_threads(4)
  parallel_for(8, 1, [&](int64_t, int64_t) { others += parallel_slot() != 0; });
  EXPECT_EQ(others, 0);
}

TEST_P(ParallelFor, EachItemOnceNestedToo) {
  std::vector<std::atomic<int>> visits(64);
  parallel_each(8, [&](int64_t i) {
    parallel_for(8, 1, [&](int64_t begin, int64_t end) {
      for (int64_t j = begin; j < end; ++j) ++visits[size_t(i * 8 + j)];
    });
  });
  for (const auto& count : visits) EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace relatum
