// The sentences of errors and checks, and the digests.
#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/hash.h"
#include "support/temporary.h"

namespace relatum {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Error, BeginsWithItsPlace) {
  EXPECT_THAT([] { fail("io.gguf", "a sentence."); },
              ThrowsMessage<Error>("[io.gguf] a sentence."));
}

TEST(Error, ChecksNameConditionAndLine) {
  const int one = 1;
  EXPECT_NO_THROW(RELATUM_CHECK(one == 1));
  EXPECT_THAT([&] { RELATUM_CHECK(one == 2); },
              ThrowsMessage<Error>(AllOf(HasSubstr("one == 2"), HasSubstr("error_test.cc:"))));
}

TEST(Hash, EqualsThePublishedDigests) {
  // FIPS 180-2's example "abc", and the empty message.
  testing::TemporaryFolder folder;
  write_file(folder / "abc", "abc");
  write_file(folder / "empty", "");
  EXPECT_EQ(sha256_file(folder / "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_file(folder / "empty"),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace relatum
