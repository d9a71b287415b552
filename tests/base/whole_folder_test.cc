// A folder that is there whole, with what was there before it, or not at all.
#include "base/whole_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/atomic_file.h"
#include "support/error_of.h"
#include "support/temporary.h"

namespace relatum {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& each : fs::directory_iterator(folder)) {
    names.push_back(each.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void put(const fs::path& target, const char* name) {
  WholeFolder folder(target);
  write_file(folder.path() / name, name);
  folder.commit();
}

TEST(WholeFolder, TakesThePlaceOfWhatWasThere) {
  const testing::TemporaryFolder scratch;
  for (const char* name : {"first", "second"}) {
    put(scratch / "new/out/", name);
    EXPECT_THAT(names_in(scratch / "new"), ElementsAre("out"));
    EXPECT_THAT(names_in(scratch / "new/out"), ElementsAre(name));
  }
}

TEST(WholeFolder, IsNotThereUnlessItIsWhole) {
  const testing::TemporaryFolder scratch;
  put(scratch / "out", "first");
  {
    WholeFolder folder(scratch / "out");
    write_file(folder.path() / "second", "");
    EXPECT_THAT(names_in(scratch / "out"), ElementsAre("first"));
  }
  EXPECT_THAT(names_in(scratch.path()), ElementsAre("out"));
  EXPECT_THAT(names_in(scratch / "out"), ElementsAre("first"));
}

TEST(WholeFolder, RemovesWhatKilledProcessesLeftAndNothingElse) {
  const testing::TemporaryFolder scratch;
  write_file(scratch / "out.1.tmp/half", "");
  write_file(scratch / "out.2.tmp/half", "");
  const FolderLock held(scratch / "out.2.tmp");  // as whoever still writes has it
  write_file(scratch / "out.mine.tmp/whole", "");
  put(scratch / "out", "first");
  EXPECT_THAT(names_in(scratch.path()), ElementsAre("out", "out.2.tmp", "out.mine.tmp"));
}

TEST(WholeFolder, LeavesALinkToAFolder) {
  const testing::TemporaryFolder scratch;
  fs::create_directory(scratch / "real");
  fs::create_directory_symlink("real", scratch / "link");
  put(scratch / "link", "first");
  EXPECT_TRUE(fs::is_symlink(scratch / "link"));
  EXPECT_THAT(names_in(scratch / "real"), ElementsAre("first"));
}

TEST(WholeFolder, LeavesAFile) {
  const testing::TemporaryFolder scratch;
  write_file(scratch / "out", "mine");
  EXPECT_THAT(testing::error_of([&] { WholeFolder folder(scratch / "out"); }),
              HasSubstr("out is a file"));
  EXPECT_EQ(read_file(scratch / "out"), "mine");
  EXPECT_THAT(names_in(scratch.path()), ElementsAre("out"));
}

}  // namespace
}  // namespace relatum
