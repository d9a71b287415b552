// A number of threads for a while.
#pragma once

#include "base/parallel_for.h"

namespace relatum::testing {

/// Uses one thread count until the end of the scope.
class Threads {
 public:
  explicit Threads(int count) : before_(thread_count()) { set_thread_count(count); }
  ~Threads() { set_thread_count(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

}  // namespace relatum::testing
