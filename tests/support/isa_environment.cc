// Limits a test binary to the instruction set that RELATUM_TEST_ISA names, before its first test.
#include <gtest/gtest.h>

#include <cstdlib>

#include "kernels/cpu.h"

namespace relatum::testing {
namespace {

class IsaEnvironment : public ::testing::Environment {
 public:
  void SetUp() override {
    const char* name = std::getenv("RELATUM_TEST_ISA");
    if (name) kernels::set_isa(name);
  }
};

const ::testing::Environment* const kEnvironment = ::testing::AddGlobalTestEnvironment(
    new IsaEnvironment);  // GoogleTest deletes it

}  // namespace
}  // namespace relatum::testing
