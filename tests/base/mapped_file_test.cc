// Mapping of ordinary, empty and impossible files.
#include "base/mapped_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "support/temporary.h"

namespace relatum {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(MappedFile, ShowsTheBytesAsLongAsItIsHeld) {
  testing::TemporaryFolder folder;
  write_file(folder / "f", std::string_view("a\0b", 3));
  const auto file = MappedFile::open(folder / "f");
  std::filesystem::remove(folder / "f");
  ASSERT_EQ(file->bytes().size(), 3u);
  EXPECT_EQ(char(file->bytes()[2]), 'b');
}

TEST(MappedFile, AnEmptyFileIsAnEmptySpan) {
  testing::TemporaryFolder folder;
  write_file(folder / "f", "");
  EXPECT_TRUE(MappedFile::open(folder / "f")->bytes().empty());
}

TEST(MappedFile, DroppedPagesComeInAgain) {
  testing::TemporaryFolder folder;
  const std::string text(50000, 'x');
  write_file(folder / "f", text);
  const auto file = MappedFile::open(folder / "f");
  for (const size_t begin : {size_t{0}, size_t{1}, size_t{4096}, size_t{49999}}) {
    drop_pages(file->bytes().subspan(begin));
    drop_pages(file->bytes().subspan(begin, 1));
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(file->bytes().data()), text.size()), text);
  }
}

TEST(MappedFile, ErrorsNameThePath) {
  testing::TemporaryFolder folder;
  EXPECT_THAT([&] { MappedFile::open(folder / "absent"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("absent"), HasSubstr("No such file"))));
  EXPECT_THAT([&] { MappedFile::open(folder.path()); },
              ThrowsMessage<Error>(HasSubstr("is not a regular file")));
}

}  // namespace
}  // namespace relatum
