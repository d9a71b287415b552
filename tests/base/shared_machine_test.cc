// When threads give way, told from made-up delays; and that nothing but speed depends on it.
#include "base/shared_machine.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/parallel_for.h"

namespace relatum {
namespace {

// Asks at each look until `end`; `delayed(now)`: what threads have waited by then.
template <class Delayed>
std::vector<int64_t> given_way(SharingPolicy& policy, int64_t begin, int64_t end,
                               const Delayed& delayed) {
  std::vector<int64_t> times;
  for (int64_t now = begin; now < end; now = policy.next_look()) {
    if (policy.decide(now, delayed(now))) times.push_back(now);
  }
  return times;
}

TEST(SharingPolicy, SpinsWhileTheMachineIsItsOwn) {
  SharingPolicy policy;
  const auto times = given_way(policy, 1'000'000, 1'010'000, [](int64_t t) { return t / 50; });
  EXPECT_TRUE(times.empty());
}

TEST(SharingPolicy, GivesWaySoonWhereHalfACoreIsTaken) {
  SharingPolicy policy;
  const auto times = given_way(policy, 0, 60'000, [](int64_t now) { return now / 2; });
  ASSERT_GE(times.size(), 4u);
  EXPECT_LE(times[0], 50);
  EXPECT_LE(times.size(), 12u);  // looked at again after one second, two, four, eight, eight …
  EXPECT_NEAR(double(times[1] - times[0]), 1000, 100);
  EXPECT_NEAR(double(times[2] - times[1]), 2000, 100);
}

TEST(SharingPolicy, SpinsAgainOnceTheOthersAreGone) {
  SharingPolicy policy;
  const auto busy = given_way(policy, 0, 5000, [](int64_t now) { return now / 2; });
  EXPECT_FALSE(busy.empty());
  EXPECT_TRUE(given_way(policy, policy.next_look(), 60'000, [](int64_t) { return 2500; }).empty());
  const auto again = given_way(policy, policy.next_look(), 70'000, [](int64_t now) { return now; });
  ASSERT_GE(again.size(), 2u);
  EXPECT_NEAR(double(again[1] - again[0]), 1000, 100);  // patience is forgotten
}

TEST(SharingPolicy, WhatEndsWithGivingWayIsNotCounted) {
  SharingPolicy policy;
  int64_t now = 0;
  while (!policy.decide(now, now)) now = policy.next_look();
  now = policy.next_look();
  EXPECT_FALSE(policy.decide(now, 1'000'000));  // whatever was waited until now
  now = policy.next_look();
  EXPECT_FALSE(policy.decide(now, 2'000'000));  // a stir
  now = policy.next_look();
  EXPECT_FALSE(policy.decide(now, 2'000'001));
}

TEST(ShareMachine, IsAskedByParallelLoopsAndChangesNoResult) {
  std::vector<int64_t> squares(10'000);
  for (int round = 0; round < 200; ++round) {
    parallel_for(int64_t(squares.size()), 100, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) squares[size_t(i)] = i * i + round;
    });
    for (int64_t i = 0; i < int64_t(squares.size()); i += 997) {
      ASSERT_EQ(squares[size_t(i)], i * i + round);
    }
  }
  EXPECT_GT(detail::next_look.load(), 0);
}

}  // namespace
}  // namespace relatum
