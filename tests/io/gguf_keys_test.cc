// What a writer is held to: alignments and shapes that files can have.
#include "io/gguf_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "support/error_of.h"

namespace relatum::io {
namespace {

using testing::error_of;
using ::testing::HasSubstr;

TEST(GgufKeys, TheAlignmentIsAPowerOfTwoOf32Bits) {
  GgufKeys keys;
  EXPECT_EQ(keys.alignment(), 32u);
  keys.set_u32("general.alignment", 256);
  EXPECT_EQ(keys.alignment(), 256u);
  for (const uint32_t wrong : {0u, 48u}) {
    keys.set_u32("general.alignment", wrong);
    EXPECT_THAT(error_of([&] { keys.alignment(); }), HasSubstr("has_single_bit"));
  }
  // A reader would take it, so what is written has to heed it.
  keys.set_u64("general.alignment", 256);
  EXPECT_THAT(error_of([&] { keys.alignment(); }), HasSubstr("kU32"));
}

TEST(GgufTensorEntry, LengthsThatCannotBeAreNoticed) {
  const auto bytes_of = [](std::vector<int64_t> shape) {
    return error_of([&] { GgufTensorEntry{"t", 0, std::move(shape)}.bytes(); });
  };
  EXPECT_EQ(bytes_of({32, 8}), "");
  EXPECT_THAT(bytes_of({}), HasSubstr("shape"));
  EXPECT_THAT(bytes_of({32, 0}), HasSubstr("length > 0"));
  EXPECT_THAT(bytes_of({32, -8}), HasSubstr("length > 0"));
  EXPECT_THAT(bytes_of({int64_t{1} << 40, int64_t{1} << 40}), HasSubstr("mul_overflow"));
}

}  // namespace
}  // namespace relatum::io
