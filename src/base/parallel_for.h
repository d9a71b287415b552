// Splits a range over OpenMP's threads, the only thread runtime of the program.
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>

#include "base/shared_machine.h"
#include "base/signals.h"

namespace relatum {

/// Number of threads that parallel_for uses, oneDNN and FAISS too.
inline int thread_count() { return omp_get_max_threads(); }
inline void set_thread_count(int threads) { omp_set_num_threads(std::max(1, threads)); }

namespace detail {
inline thread_local int slot = 0;

/// Gives the calling thread a slot until the end of the scope.
class Slot {
 public:
  explicit Slot(int number) : before_(slot) { slot = number; }
  ~Slot() { slot = before_; }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

 private:
  int before_;
};
}  // namespace detail

/// Which part of memory that has room for thread_count() threads the calling body may use: no other
/// body of its parallel_for() or parallel_each() uses it at the same time. 0 outside of them, also
/// in a caller's own OpenMP team, where they run their bodies one after the other.
inline int parallel_slot() { return detail::slot; }

/// Calls body(begin, end) on disjoint parts of [0, n), each at least `grain` long.
/// The split depends on n, grain and the thread count only; bodies must not throw.
template <class Body>
void parallel_for(int64_t n, int64_t grain, const Body& body) {
  const int64_t parts = std::min<int64_t>(thread_count(), n / std::max<int64_t>(1, grain));
  if (parts <= 1 || omp_in_parallel()) {
    if (n > 0) body(int64_t{0}, n);
    return;
  }
  const SignalsHeld held;
  share_machine();
#pragma omp parallel for num_threads(int(parts)) schedule(static, 1)
  for (int64_t p = 0; p < parts; ++p) {
    const detail::Slot slot{int(p)};
    body(n * p / parts, n * (p + 1) / parts);
  }
}

/// Like parallel_for, but hands out single items as threads become free (uneven work).
template <class Body>
void parallel_each(int64_t n, const Body& body) {
  if (n <= 1 || thread_count() == 1 || omp_in_parallel()) {
    for (int64_t i = 0; i < n; ++i) body(i);
    return;
  }
  const SignalsHeld held;
  share_machine();
#pragma omp parallel for schedule(dynamic, 1)
  for (int64_t i = 0; i < n; ++i) {
    const detail::Slot slot(omp_get_thread_num());
    body(i);
  }
}

}  // namespace relatum
