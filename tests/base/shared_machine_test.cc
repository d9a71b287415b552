// When threads give way, told from made-up delays; and that nothing but speed depends on it.
#include "base/shared_machine.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <iterator>
#include <thread>
#include <vector>

#include "base/parallel_for.h"
#include "support/threads.h"

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
  EXPECT_LE(times[0], 100);      // four windows of 20 ms; after giving way one more, to settle
  EXPECT_LE(times.size(), 12u);  // looked at again after one second, two, four, eight, eight …
  EXPECT_NEAR(double(times[1] - times[0]), 1000, 100);
  EXPECT_NEAR(double(times[2] - times[1]), 2000, 100);
}

TEST(SharingPolicy, AStirNowAndThenIsNoOther) {
  SharingPolicy policy;
  // A tick or two in which a thread is held up, every 70 ms.
  const auto times = given_way(policy, 0, 60'000, [](int64_t now) { return now / 70 * 7; });
  EXPECT_TRUE(times.empty());
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
  for (int look = 1; look < 9; ++look) {
    now = policy.next_look();
    EXPECT_FALSE(policy.decide(now, 2'000'000 + look));
  }
}

// Parallel loops with whatever threads there are.
void expect_right_squares(int rounds) {
  std::vector<int64_t> squares(10'000);
  for (int round = 0; round < rounds; ++round) {
    parallel_for(int64_t(squares.size()), 100, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) squares[size_t(i)] = i * i + round;
    });
    for (int64_t i = 0; i < int64_t(squares.size()); i += 997) {
      ASSERT_EQ(squares[size_t(i)], i * i + round);
    }
  }
}

int64_t threads_of_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return std::distance(begin(tasks), end(tasks));
}

// In a process of its own, whose user may have no further thread.
int idle_threads_where_none_are_given() {
  const rlimit none{1, 1};
  if (setrlimit(RLIMIT_NPROC, &none) != 0) return -1;
  if (geteuid() == 0 && setuid(65534) != 0) return -1;  // no limit holds root
  return detail::keep_idle_threads(true);
}

class ShareMachine : public ::testing::Test {
 protected:
  ~ShareMachine() override { detail::keep_idle_threads(false); }

 private:
  testing::Threads two_{2};
};

TEST_F(ShareMachine, IsAskedByParallelLoops) {
  detail::next_look.store(0);
  expect_right_squares(200);
  EXPECT_GT(detail::next_look.load(), 0);
}

TEST_F(ShareMachine, IdleThreadsChangeNoResultAndDoNotGatherUp) {
  int64_t first = 0;
  for (int time = 0; time < 4; ++time) {
    EXPECT_GT(detail::keep_idle_threads(true), omp_get_num_procs());
    EXPECT_GT(detail::keep_idle_threads(true), omp_get_num_procs());  // once is enough
    expect_right_squares(50);
    EXPECT_EQ(detail::keep_idle_threads(false), 0);
    expect_right_squares(50);
    if (time == 0) first = threads_of_process();
  }
  // libomp keeps those of the first time for the next; on a busy machine those that have ended are
  // listed until they get to it.
  const int64_t most = first + 1;
  for (int wait = 0; wait < 1000 && threads_of_process() > most; ++wait) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_LE(threads_of_process(), most);
}

TEST_F(ShareMachine, WithoutThreadsToSpareNothingChanges) {
  EXPECT_EXIT(_exit(idle_threads_where_none_are_given() == 0 ? 7 : 1), ::testing::ExitedWithCode(7),
              "");
}

}  // namespace
}  // namespace relatum
