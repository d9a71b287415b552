// A folder that two want to write.
#include "base/folder_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "support/temporary.h"

namespace relatum {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(FolderLock, KeepsOthersOutWhileItLives) {
  const testing::TemporaryFolder folder, other;
  {
    const FolderLock held(folder.path());
    EXPECT_THAT([&] { FolderLock(folder.path()); },
                ThrowsMessage<Error>(HasSubstr("being written by another command")));
    const FolderLock elsewhere(other.path());
  }
  const FolderLock again(folder.path());
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(FolderLock, KeepsNobodyOutWhereThereIsNothingToLock) {
  const testing::TemporaryFolder folder;
  EXPECT_NO_THROW(FolderLock(folder / "absent"));
}

}  // namespace
}  // namespace relatum
