// Threads that wait give way soon where other processes need the processor, and spin where not.
#pragma once

#include <atomic>
#include <cstdint>

namespace relatum {

/// Whether threads of one team should give way to others while they wait for each other: told from
/// the time that they are kept waiting for a core. Times in milliseconds.
class SharingPolicy {
 public:
  /// `delayed`: what the process's threads have waited for a core so far, summed up. True: give way
  /// from now on. To be asked again at next_look().
  bool decide(int64_t now, int64_t delayed);
  int64_t next_look() const { return next_look_; }

 private:
  static constexpr int64_t kWindow = 20;         // of spinning, in which delays are counted
  static constexpr int kInARow = 3;              // such windows with long delays: not a mere stir
  static constexpr int64_t kHold = 1000;         // of giving way, before it is looked again …
  static constexpr int64_t kLongestHold = 8000;  // … and longer each time nothing has changed
  int64_t since_ = 0, before_ = 0, next_look_ = 0, hold_ = kHold;
  int delayed_in_a_row_ = 0;
  bool giving_way_ = false, begun_ = false;
};

namespace detail {
extern std::atomic<int64_t> next_look;  // milliseconds of the steady clock
int64_t steady_milliseconds();
void look_at_machine(int64_t now);
/// Keeps idle threads, or ends them; the number that is kept now.
int keep_idle_threads(bool keep);
}  // namespace detail

/// To be called before parallel work; costs a reading of the clock but for one call in 20 ms. Where
/// two threads share a core with another process, the one that spins at the end of a piece of work
/// uses up the time that its partner needs for the piece itself
/// (bench/results/shared_machine.json). libgomp spins long, but hardly at all while there are more
/// threads than processors (its manual, GOMP_SPINCOUNT); so as long as others need the processor,
/// some idle threads are kept. No result depends on it. Where the system does not tell delays
/// (/proc/self/task/*/schedstat) or gives no further threads, nothing changes.
inline void share_machine() {
  const int64_t now = detail::steady_milliseconds();
  if (now >= detail::next_look.load(std::memory_order_relaxed)) detail::look_at_machine(now);
}

}  // namespace relatum
