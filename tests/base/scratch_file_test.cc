// A file without a name: what was written is read, and nothing is left.
#include "base/scratch_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/error_of.h"
#include "support/small_disk.h"
#include "support/temporary.h"

namespace relatum {
namespace {

namespace fs = std::filesystem;

TEST(ScratchFile, GivesBackWhatWasWrittenAndHasNoName) {
  const testing::TemporaryFolder folder;
  ScratchFile file(folder.path());
  EXPECT_TRUE(fs::is_empty(folder.path()));
  file.write(0, "one two");
  file.write(100, std::string("\0three", 6));
  file.write(4, "TWO");
  EXPECT_EQ(file.read(0, 7), "one TWO");
  EXPECT_EQ(file.read(100, 6), std::string("\0three", 6));
  EXPECT_EQ(file.read(50, 2), std::string(2, '\0'));
}

TEST(ScratchFile, SaysWhatFailed) {
  const testing::TemporaryFolder folder;
  EXPECT_NE(testing::error_of([&] { ScratchFile file(folder / "none"); }).find("none"),
            std::string::npos);
  ScratchFile file(folder.path());
  EXPECT_NE(testing::error_of([&] { file.read(0, 1); }).find("ends too early"), std::string::npos);
  const testing::SmallDisk full(4096);
  EXPECT_NE(testing::error_of([&] { file.write(4096, "x"); }).find("cannot write"),
            std::string::npos);
}

}  // namespace
}  // namespace relatum
