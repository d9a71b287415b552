// Signal masks of the calling thread and of its OpenMP threads.
#include "base/signals.h"

#include <omp.h>
#include <pthread.h>
#include <signal.h>

#include <initializer_list>

namespace relatum {
namespace {

thread_local int depth = 0;               // of the SignalsHeld that live on this thread
thread_local sigset_t before;             // the thread's mask outside of them
thread_local bool held_for_good = false;  // an OpenMP thread whose mask was set

sigset_t asynchronous_signals() {
  sigset_t set;
  sigfillset(&set);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) {
    sigdelset(&set, signal);
  }
  return set;
}

// The pool's threads may be older than the first SignalsHeld, then they have another mask. Threads
// that join it later inherit that of their creator.
void hold_workers(const sigset_t& signals) {
  if (omp_get_max_threads() <= 1) return;
#pragma omp parallel
  if (omp_get_thread_num() != 0 && !held_for_good) {
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    held_for_good = true;
  }
}

}  // namespace

SignalsHeld::SignalsHeld() {
  if (held_for_good || depth++ > 0) return;
  static const sigset_t signals = asynchronous_signals();
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  if (!omp_in_parallel()) hold_workers(signals);
}

SignalsHeld::~SignalsHeld() {
  if (held_for_good || --depth > 0) return;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace relatum
