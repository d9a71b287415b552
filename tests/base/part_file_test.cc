// A part grows, survives its process, is gone on with, and is held by one at a time.
#include "base/part_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "support/temporary.h"

namespace relatum {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class Parts : public ::testing::Test {
 protected:
  fs::path target() const { return folder_ / "new/a.txt"; }
  testing::TemporaryFolder folder_;
};

TEST_F(Parts, AppearWholeUnderTheTargetsName) {
  PartFile file(target());
  file.write("one\n");
  EXPECT_EQ(file.save(), 4u);
  EXPECT_EQ(read_file(PartFile::path_for(target())), "one\n");
  EXPECT_FALSE(fs::exists(target()));
  file.write("two\n");
  file.commit();
  EXPECT_EQ(read_file(target()), "one\ntwo\n");
  EXPECT_FALSE(fs::exists(PartFile::path_for(target())));
}

TEST_F(Parts, StayWhereTheyAreLeftAndAreGoneOnWithBehindWhatWasSaved) {
  {
    PartFile file(target());
    file.write("one\nhalf");
  }
  {
    PartFile file(target(), 4);
    file.write("two\n");
    file.commit();
  }
  EXPECT_EQ(read_file(target()), "one\ntwo\n");
}

TEST_F(Parts, BeginAnewWhereNothingIsKept) {
  { PartFile(target()).write("old"); }
  PartFile file(target());
  file.write("new");
  file.commit();
  EXPECT_EQ(read_file(target()), "new");
}

TEST_F(Parts, LeaveNothingWhereNothingWasWritten) {
  { PartFile file(target()); }
  EXPECT_FALSE(fs::exists(PartFile::path_for(target())));
}

TEST_F(Parts, AreRemovedWhereThatIsAskedFor) {
  PartFile file(target());
  file.write("x");
  file.discard();
  EXPECT_FALSE(fs::exists(PartFile::path_for(target())));
}

TEST_F(Parts, AreHeldByOneAtATime) {
  PartFile file(target());
  EXPECT_THAT([&] { PartFile second(target()); },
              ThrowsMessage<Error>(HasSubstr("is being written by another command")));
  file.write("mine");
  file.commit();
  PartFile next(target());
  EXPECT_EQ(read_file(target()), "mine");
}

TEST_F(Parts, ThatAreTooShortAreRefusedAndKept) {
  { PartFile(target()).write("abc"); }
  EXPECT_THAT([&] { PartFile file(target(), 4); }, ThrowsMessage<Error>(HasSubstr("is shorter")));
  EXPECT_EQ(read_file(PartFile::path_for(target())), "abc");
}

TEST_F(Parts, GrowBesideWhatALinkStandsFor) {
  fs::create_directories(folder_ / "real");
  fs::create_symlink(folder_ / "real/b.txt", folder_ / "link.txt");
  PartFile file(folder_ / "link.txt");
  file.write("x");
  EXPECT_EQ(PartFile::path_for(folder_ / "link.txt"), folder_ / "real/b.txt.part");
  file.commit();
  EXPECT_TRUE(fs::is_symlink(folder_ / "link.txt"));
  EXPECT_EQ(read_file(folder_ / "real/b.txt"), "x");
}

}  // namespace
}  // namespace relatum
