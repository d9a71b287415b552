// A product is what it is, however often the thread that computes it is interrupted.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/time.h>

#include <atomic>
#include <cstring>

#include "base/rng.h"
#include "kernels/gemm.h"
#include "tensor/buffer.h"

namespace relatum::testing {
namespace {

std::atomic<int64_t> g_rung{0};

// Overwrites the stack below the thread that it interrupts, as any larger handler may.
void ring(int) {
  volatile char litter[1 << 14];
  for (size_t i = 0; i < sizeof litter; i += 8) litter[i] = char(0xa5);
  ++g_rung;
}

/// Rings a thousand times a second until the end of the scope.
class Timer {
 public:
  Timer() {
    struct sigaction action {};
    action.sa_handler = ring;
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, &before_);
    set(1000);
  }
  ~Timer() {
    set(0);
    sigaction(SIGALRM, &before_, nullptr);
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  static void set(int microseconds) {
    const itimerval timer{{0, microseconds}, {0, microseconds}};
    setitimer(ITIMER_REAL, &timer, nullptr);
  }
  struct sigaction before_ {};
};

Buffer random_values(int64_t count, uint64_t stream) {
  Buffer values(size_t(count) * sizeof(float));
  const Rng rng(7, stream);
  for (int64_t i = 0; i < count; ++i) values.as<float>()[i] = float(rng.uniform(uint64_t(i)) - 0.5);
  return values;
}

TEST(InterruptedGemm, GivesTheSameBits) {
  constexpr int64_t kRows = 192, kOut = 1536, kIn = 576;
  const Buffer a = random_values(kRows * kIn, 1), b = random_values(kOut * kIn, 2);
  Buffer want(size_t(kRows * kOut) * sizeof(float)), c(size_t(kRows * kOut) * sizeof(float));
  const kernels::PackedMatrix packed({b.data(), DType::kF32, kOut, kIn}, true);
  const auto product = [&](Buffer& out) {
    kernels::gemm({.a = {a.data(), DType::kF32, kRows, kIn},
                   .c = {out.data(), DType::kF32, kRows, kOut},
                   .packed = &packed});
  };
  product(want);
  const Timer timer;
  int64_t wrong = 0;
  while (g_rung < 100) {  // the thread is interrupted between products, or else within them
    product(c);
    wrong += std::memcmp(c.data(), want.data(), size_t(kRows * kOut) * sizeof(float)) != 0;
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace relatum::testing
