// Files appear whole or not at all: also on a full disk and where nothing may be written.
#include "base/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "support/error_of.h"
#include "support/small_disk.h"
#include "support/temporary.h"

namespace relatum {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::SmallDisk;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

size_t files_in(const std::filesystem::path& folder) {
  return size_t(std::distance(std::filesystem::directory_iterator(folder), {}));
}

TEST(AtomicFile, AppearsAtCommitOnly) {
  TemporaryFolder folder;
  const auto target = folder / "new/deep/file.txt";
  AtomicFile file(target);
  file.write("one ");
  file.write(std::as_bytes(std::span("two", 3)));
  EXPECT_FALSE(std::filesystem::exists(target));
  file.commit();
  EXPECT_EQ(read_file(target), "one two");
  EXPECT_EQ(files_in(target.parent_path()), 1u);
}

TEST(AtomicFile, WithoutCommitNothingIsLeft) {
  TemporaryFolder folder;
  write_file(folder / "kept", "old");
  { AtomicFile(folder / "kept").write("new"); }
  EXPECT_EQ(read_file(folder / "kept"), "old");
  EXPECT_EQ(files_in(folder.path()), 1u);
}

TEST(AtomicFile, FullDiskLeavesTheOldFile) {
  TemporaryFolder folder;
  write_file(folder / "kept", "old");
  const std::string large(3 << 20, 'x');
  std::string message;
  {
    const SmallDisk disk(1 << 20);
    message = testing::error_of([&] { write_file(folder / "kept", large); });
  }
  EXPECT_THAT(message, AllOf(HasSubstr("[base.file] cannot write"), HasSubstr("kept")));
  EXPECT_EQ(read_file(folder / "kept"), "old");
  EXPECT_EQ(files_in(folder.path()), 1u);
}

TEST(AtomicFile, FullDiskShowsAtCommitToo) {
  TemporaryFolder folder;
  std::string message;
  {
    const SmallDisk disk(10);
    message = testing::error_of([&] {
      AtomicFile file(folder / "new");
      file.write("eleven bytes and more");
      file.commit();
    });
  }
  EXPECT_THAT(message, HasSubstr("cannot write"));
  EXPECT_EQ(files_in(folder.path()), 0u);
}

TEST(AtomicFile, PlacesThatCannotBeWrittenAreNamed) {
  TemporaryFolder folder;
  write_file(folder / "file", "");
  EXPECT_THAT([&] { AtomicFile(folder / "file/below"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("cannot write"), HasSubstr("file"),
                                         HasSubstr("Check the folder and its permissions."))));
  EXPECT_THAT([] { AtomicFile("/proc/relatum"); },
              ThrowsMessage<Error>(HasSubstr("cannot write /proc/relatum")));
  std::filesystem::create_directory(folder / "folder");
  EXPECT_THAT([&] { write_file(folder / "folder", "x"); },
              ThrowsMessage<Error>(HasSubstr("is no regular file")));
  EXPECT_EQ(files_in(folder.path()), 2u);
}

TEST(AtomicFile, FolderWithoutWritePermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  TemporaryFolder folder;
  std::filesystem::permissions(
      folder.path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  EXPECT_THAT([&] { AtomicFile(folder / "x"); },
              ThrowsMessage<Error>(HasSubstr("Permission denied")));
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
}

TEST(AtomicFile, AFolderThatCannotBeReadTakesFilesToo) {
  TemporaryFolder folder;
  const auto place = folder / "box";
  std::filesystem::create_directory(place);
  std::filesystem::permissions(place, std::filesystem::perms(0333));  // no one may read
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  const uid_t old = ::geteuid();
  const int left = old == 0 ? ::seteuid(65534) : 0;  // root may read everywhere
  const std::string message = testing::error_of([&] { write_file(place / "file", "text"); });
  const int returned = old == 0 ? ::seteuid(0) : 0;
  ASSERT_EQ(left, 0);
  ASSERT_EQ(returned, 0);
  EXPECT_EQ(message, "");
  EXPECT_EQ(read_file(place / "file"), "text");
  std::filesystem::permissions(place, std::filesystem::perms::owner_all);
}

TEST(AtomicFile, ALinkStaysAndWhatItNamesIsWritten) {
  TemporaryFolder folder;
  write_file(folder / "far/file", "old");
  std::filesystem::create_directory(folder / "near");
  std::filesystem::create_symlink("../far/file", folder / "near/second");
  std::filesystem::create_symlink("second", folder / "near/first");
  std::filesystem::create_symlink("../far/later", folder / "near/dangling");
  write_file(folder / "near/first", "new");
  write_file(folder / "near/dangling", "later");
  EXPECT_EQ(read_file(folder / "far/file"), "new");
  EXPECT_EQ(read_file(folder / "far/later"), "later");
  for (const char* name : {"near/first", "near/second", "near/dangling"}) {
    EXPECT_TRUE(std::filesystem::is_symlink(folder / name)) << name;
  }
  EXPECT_EQ(files_in(folder / "near"), 3u);
  EXPECT_EQ(files_in(folder / "far"), 2u);
}

TEST(AtomicFile, LinksInACircleAreRefused) {
  TemporaryFolder folder;
  std::filesystem::create_symlink("b", folder / "a");
  std::filesystem::create_symlink("a", folder / "b");
  EXPECT_THAT([&] { write_file(folder / "a", "x"); },
              ThrowsMessage<Error>(HasSubstr("cannot write")));
}

TEST(AtomicFile, AReplacedFileKeepsItsPermissions) {
  using std::filesystem::perms;
  TemporaryFolder folder;
  write_file(folder / "secret", "old");
  std::filesystem::permissions(folder / "secret", perms::owner_read | perms::owner_write);
  write_file(folder / "secret", "new");
  EXPECT_EQ(read_file(folder / "secret"), "new");
  EXPECT_EQ(std::filesystem::status(folder / "secret").permissions(),
            perms::owner_read | perms::owner_write);
}

TEST(AtomicFile, WhatAKilledProcessLeftGoesAndWhatIsBeingWrittenStays) {
  TemporaryFolder folder;
  const auto target = folder / "file";
  write_file(folder / "file.4194999.tmp", "of a process that is gone");
  write_file(folder / "file.old.tmp", "of somebody else");
  write_file(folder / "file2.4194999.tmp", "of another target");
  const std::string pid = std::to_string(::getpid());
  write_file(folder / ("file." + pid + ".tmp"), "of a process that had this number, and longer");
  AtomicFile writing(folder / "other");
  write_file(folder / "other.4194998.tmp", "");
  write_file(target, "new");
  EXPECT_EQ(read_file(target), "new");
  EXPECT_FALSE(std::filesystem::exists(folder / "file.4194999.tmp"));
  EXPECT_FALSE(std::filesystem::exists(folder / ("file." + pid + ".tmp")));
  EXPECT_TRUE(std::filesystem::exists(folder / "file.old.tmp"));
  EXPECT_TRUE(std::filesystem::exists(folder / "file2.4194999.tmp"));
  const std::string busy = "other." + pid + ".tmp";
  std::filesystem::rename(folder / busy, folder / "other.4194997.tmp");  // as of another process
  write_file(folder / "other", "x");
  EXPECT_TRUE(std::filesystem::exists(folder / "other.4194997.tmp"));
  EXPECT_FALSE(std::filesystem::exists(folder / "other.4194998.tmp"));
}

}  // namespace
}  // namespace relatum
