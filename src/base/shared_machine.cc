// Sums up the threads' delays, and keeps idle threads while there are many.
#include "base/shared_machine.h"

#include <fcntl.h>
#include <omp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>

namespace relatum {

bool SharingPolicy::decide(int64_t now, int64_t delayed) {
  const int64_t elapsed = now - since_, waited = delayed - before_;
  const bool counted = begun_ && !giving_way_;  // a window of spinning has passed
  begun_ = !giving_way_;  // the end of giving way makes a stir of its own, which is not counted
  since_ = now;
  before_ = delayed;
  // A process that runs all the time takes half of a core; a system's own work takes a hundredth,
  // but now and then it holds up a thread for a tick or two.
  const bool long_delays = counted && waited * 4 >= elapsed;
  delayed_in_a_row_ = long_delays ? delayed_in_a_row_ + 1 : 0;
  const bool shared = delayed_in_a_row_ >= kInARow;
  giving_way_ = shared;
  if (shared) {
    delayed_in_a_row_ = 0;
    next_look_ = now + hold_;
    hold_ = hold_ * 2 < kLongestHold ? hold_ * 2 : kLongestHold;
  } else {
    if (counted && !long_delays) hold_ = kHold;
    next_look_ = now + kWindow;
  }
  return shared;
}

namespace {

// More than there are processors.
int idle_threads() { return omp_get_num_procs() + 2; }

// Starts a thread that starts the next, so that all are there at once; null where they were.
void* chain(void* further) {
  const auto count = reinterpret_cast<intptr_t>(further);
  if (count == 0) return nullptr;
  pthread_t next{};
  void* const rest = reinterpret_cast<void*>(count - 1);
  if (pthread_create(&next, nullptr, chain, rest) != 0) return further;
  void* missing = nullptr;
  pthread_join(next, &missing);
  return missing;
}

// Whether a limit leaves room for them: libgomp ends the process where a thread cannot be created.
bool threads_to_spare() {
  static const bool there = chain(reinterpret_cast<void*>(intptr_t{idle_threads()})) == nullptr;
  return there;
}

// Idle OpenMP threads for as long as it lives.
class IdleThreads {
 public:
  IdleThreads() {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);  // inherited: nobody's signal ends up here
    // Not a std::thread, which allocates.
    kept_ = threads_to_spare() && pthread_create(&keeper_, nullptr, &IdleThreads::keep, this) == 0;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  ~IdleThreads() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    if (kept_) pthread_join(keeper_, nullptr);
  }
  IdleThreads(const IdleThreads&) = delete;
  IdleThreads& operator=(const IdleThreads&) = delete;

  int count() const { return kept_ ? idle_threads() : 0; }

 private:
  static void* keep(void* self) {
    IdleThreads& here = *static_cast<IdleThreads*>(self);
#pragma omp parallel num_threads(idle_threads())
    {
      std::unique_lock lock(here.mutex_);
      here.changed_.wait(lock, [&here] { return here.over_; });
    }
    return nullptr;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false, kept_ = false;
  pthread_t keeper_{};
};

// Keeps threads from now on, or ends them; their number.
int keep_idle(std::optional<IdleThreads>& idle, bool keep) {
  if (keep && !idle) idle.emplace();
  if (!keep) idle.reset();
  return idle ? idle->count() : 0;
}

struct Machine {
  std::mutex mutex;
  SharingPolicy policy;
  std::optional<IdleThreads> idle;
};

Machine& machine() {
  static Machine& instance = *new Machine;  // never destroyed: threads may outlive main()
  return instance;
}

// Nanoseconds that one thread has waited for a core: the second number of its schedstat.
int64_t delay_of(int tasks, const char* thread) {
  char path[64];
  std::strcpy(path, thread);
  std::strcat(path, "/schedstat");
  const int file = ::openat(tasks, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[128];
  const ssize_t size = ::read(file, text, sizeof text - 1);
  ::close(file);
  if (size <= 0) return 0;
  text[size] = '\0';
  const char* second = std::strchr(text, ' ');
  return second ? std::strtoll(second, nullptr, 10) : 0;
}

// Of all threads, in milliseconds. Allocates nothing: a training step does not.
int64_t delays() {
  const int tasks = ::open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (tasks < 0) return 0;
  struct Entry {  // of getdents64(2)
    uint64_t inode, next;
    uint16_t size;
    uint8_t type;
    char name[1];
  };
  alignas(Entry) char entries[4096];
  int64_t sum = 0;
  for (long bytes; (bytes = ::syscall(SYS_getdents64, tasks, entries, sizeof entries)) > 0;) {
    for (long at = 0; at < bytes;) {
      const auto* entry = reinterpret_cast<const Entry*>(entries + at);
      if (entry->name[0] >= '0' && entry->name[0] <= '9') sum += delay_of(tasks, entry->name);
      at += entry->size;
    }
  }
  ::close(tasks);
  return sum / 1000000;
}

}  // namespace

namespace detail {

std::atomic<int64_t> next_look{0};

int64_t steady_milliseconds() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return int64_t(time.tv_sec) * 1000 + time.tv_nsec / 1000000;
}

void look_at_machine(int64_t now) {
  if (omp_get_max_threads() == 1) return;  // nobody waits for anybody
  Machine& m = machine();
  const std::unique_lock lock(m.mutex, std::try_to_lock);
  if (!lock || now < next_look.load(std::memory_order_relaxed)) return;
  const bool give_way = m.policy.decide(now, delays());
  next_look.store(m.policy.next_look(), std::memory_order_relaxed);
  keep_idle(m.idle, give_way);
}

int keep_idle_threads(bool keep) {
  Machine& m = machine();
  const std::lock_guard lock(m.mutex);
  return keep_idle(m.idle, keep);
}

}  // namespace detail
}  // namespace relatum
