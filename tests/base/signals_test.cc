// Threads that compute take no asynchronous signals, and everything is as before afterwards.
#include "base/signals.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>

#include "base/parallel_for.h"

namespace relatum::testing {
namespace {

std::atomic<int> g_taken{0};

void take(int) { ++g_taken; }

bool blocked(int signal) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

class Signals : public ::testing::Test {
 protected:
  void SetUp() override {
    g_taken = 0;
    struct sigaction action {};
    action.sa_handler = take;
    sigaction(SIGUSR1, &action, &before_);
  }
  void TearDown() override { sigaction(SIGUSR1, &before_, nullptr); }
  static void send() { pthread_kill(pthread_self(), SIGUSR1); }

  struct sigaction before_ {};
};

TEST_F(Signals, AreTakenWhenTheOutermostOneEnds) {
  {
    const SignalsHeld held;
    {
      const SignalsHeld nested;
      send();
      EXPECT_EQ(g_taken, 0);
    }
    EXPECT_EQ(g_taken, 0);
  }
  EXPECT_EQ(g_taken, 1);
  send();
  EXPECT_EQ(g_taken, 2);
}

TEST_F(Signals, ThatTheProgramCausesItselfAreNotHeld) {
  const SignalsHeld held;
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) {
    EXPECT_FALSE(blocked(signal)) << signal;
  }
  for (const int signal : {SIGINT, SIGTERM, SIGALRM, SIGPROF, SIGCHLD, SIGRTMIN}) {
    EXPECT_TRUE(blocked(signal)) << signal;
  }
}

TEST_F(Signals, WhatTheCallerBlockedStaysBlocked) {
  sigset_t own;
  sigemptyset(&own);
  sigaddset(&own, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &own, nullptr);
  { const SignalsHeld held; }
  EXPECT_TRUE(blocked(SIGUSR2));
  EXPECT_FALSE(blocked(SIGUSR1));
  pthread_sigmask(SIG_UNBLOCK, &own, nullptr);
}

// The pool's threads exist before anything is held, as in a host that uses OpenMP itself.
TEST_F(Signals, OlderThreadsOfThePoolTakeNoneEither) {
  const int threads = thread_count();
  set_thread_count(4);
  std::atomic<int> open{0};
#pragma omp parallel
  open += !blocked(SIGALRM);
  ASSERT_GE(open, 1);  // this thread, and those whose mask no earlier test has set
  { const SignalsHeld held; }
  open = 0;
#pragma omp parallel
  if (omp_get_thread_num() != 0) open += !blocked(SIGALRM);
  EXPECT_EQ(open, 0);
  EXPECT_FALSE(blocked(SIGALRM));
  set_thread_count(threads);
}

TEST_F(Signals, ParallelBodiesTakeNone) {
  const int threads = thread_count();
  for (const int count : {2, 5, 3}) {  // more threads than before are new ones
    set_thread_count(count);
    std::atomic<int> open{0};
    parallel_for(count, 1, [&](int64_t, int64_t) { open += !blocked(SIGALRM); });
    parallel_each(64, [&](int64_t) { open += !blocked(SIGALRM); });
    EXPECT_EQ(open, 0) << count;
    EXPECT_FALSE(blocked(SIGALRM));
  }
  set_thread_count(threads);
}

}  // namespace
}  // namespace relatum::testing
