// What the choice of the instruction set promises.
#include "kernels/cpu.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "kernels/isa/table.h"
#include "support/error_of.h"

namespace relatum::testing {
namespace {

using namespace kernels;

TEST(Cpu, TheTableIsThatOfTheSetInUse) {
  EXPECT_EQ(&table(), isa() == Isa::kAvx512 ? &avx512::table() : &avx2::table());
  EXPECT_EQ(cpu_summary().starts_with("avx512"), isa() == Isa::kAvx512);
}

TEST(Cpu, AnUnknownSetIsRefusedByName) {
  EXPECT_NE(testing::error_of([] { set_isa("sse9"); }).find("sse9"), std::string::npos);
}

TEST(Cpu, ComputeTypesByName) {
  EXPECT_EQ(compute_type("f32"), DType::kF32);
  EXPECT_EQ(compute_type("auto"), has_fast_bf16() ? DType::kBF16 : DType::kF32);
  EXPECT_EQ(compute_type("int8"), compute_type("auto"));
  EXPECT_THROW(compute_type("f64"), Error);
  if (isa() == Isa::kAvx2) {
    EXPECT_FALSE(has_fast_bf16());
    EXPECT_THROW(compute_type("bf16"), Error);
  } else {
    EXPECT_EQ(compute_type("bf16"), DType::kBF16);
  }
}

}  // namespace
}  // namespace relatum::testing
