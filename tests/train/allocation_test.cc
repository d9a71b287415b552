// A warmed-up training step asks the system for no memory: every operator new of this program is
// counted while one runs, but for those that the libraries below call.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#include "kernels/cpu.h"
#include "support/training.h"

// The sanitizers bring allocators of their own, which check what these would hide.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace {

std::atomic<bool> counting{false};
std::atomic<int64_t> allocations{0};

void* counted(size_t size, size_t alignment, const void* caller) {
  if (counting) {
    Dl_info where;
    const bool known = dladdr(caller, &where) != 0 && where.dli_fname;
    const bool theirs = known && (std::strstr(where.dli_fname, "libdnnl") ||
                                  std::strstr(where.dli_fname, "libgomp"));
    if (!theirs) ++allocations;
  }
  void* place = alignment > alignof(std::max_align_t)
                    ? std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment)
                    : std::malloc(size ? size : 1);
  if (!place) throw std::bad_alloc();
  return place;
}

}  // namespace

// Inlined, their callers would be others, or the compiler would see malloc and delete as a pair.
#define NOT_INLINED [[gnu::noinline]]
NOT_INLINED void* operator new(size_t size) {
  return counted(size, 0, __builtin_return_address(0));
}
NOT_INLINED void* operator new[](size_t size) {
  return counted(size, 0, __builtin_return_address(0));
}
NOT_INLINED void* operator new(size_t size, std::align_val_t alignment) {
  return counted(size, size_t(alignment), __builtin_return_address(0));
}
NOT_INLINED void* operator new[](size_t size, std::align_val_t alignment) {
  return counted(size, size_t(alignment), __builtin_return_address(0));
}
NOT_INLINED void operator delete(void* p) noexcept { std::free(p); }
NOT_INLINED void operator delete[](void* p) noexcept { std::free(p); }
NOT_INLINED void operator delete(void* p, size_t) noexcept { std::free(p); }
NOT_INLINED void operator delete[](void* p, size_t) noexcept { std::free(p); }
NOT_INLINED void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
NOT_INLINED void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
NOT_INLINED void operator delete(void* p, size_t, std::align_val_t) noexcept { std::free(p); }
NOT_INLINED void operator delete[](void* p, size_t, std::align_val_t) noexcept { std::free(p); }

namespace relatum::testing {
namespace {

class WarmStep : public ::testing::TestWithParam<std::tuple<bool, bool, bool, DType>> {};

TEST_P(WarmStep, AllocatesNothing) {
  const auto [checkpoint, share, resident, compute] = GetParam();
  if (compute == DType::kBF16 && !kernels::has_fast_bf16()) GTEST_SKIP() << "no bf16 here";
  train::TrainOptions options;
  options.checkpoint = checkpoint;
  options.batch.share = share;
  TinyRun tiny(peft_rows(), options, {std::string(name_of(compute)), "nf4", resident});
  const train::TrainBatch batch = train::build_batch(tiny.rows, tiny.all(), {.share = share});
  const auto step = [&] {
    const nn::LossSum loss = tiny.trainer.accumulate(batch, 0);
    tiny.trainer.apply(loss.weight);
  };
  step();
  step();
  allocations = 0;
  counting = true;
  step();
  counting = false;
  EXPECT_EQ(allocations, 0);
  counting = true;
  const std::vector<int> seen(100);  // the counter itself works
  counting = false;
  EXPECT_EQ(allocations, 1) << seen.size();
}

INSTANTIATE_TEST_SUITE_P(All, WarmStep,
                         ::testing::Combine(::testing::Bool(), ::testing::Bool(), ::testing::Bool(),
                                            ::testing::Values(DType::kF32, DType::kBF16)));

}  // namespace
}  // namespace relatum::testing
#endif
