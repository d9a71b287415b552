// Mapping of ordinary, empty and impossible files.
#include "base/mapped_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

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

// Pages of this process that are in memory.
int64_t resident_pages() {
  std::ifstream file("/proc/self/statm");
  int64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident;
}

TEST(MappedFile, DroppedPagesTakeNoMemory) {
  constexpr size_t kPage = 4096, kPages = 4096;
  testing::TemporaryFolder folder;
  write_file(folder / "f", std::string(kPages * kPage, 'x'));
  const auto file = MappedFile::open(folder / "f");
  int64_t sum = 0;
  for (size_t i = 0; i < kPages; ++i) sum += int64_t(file->bytes()[i * kPage]);
  EXPECT_EQ(sum, int64_t('x' * kPages));
  const int64_t before = resident_pages();
  drop_pages(file->bytes());
  EXPECT_LT(resident_pages(), before - int64_t(kPages) / 2);
}

TEST(MappedFile, ErrorsNameThePath) {
  testing::TemporaryFolder folder;
  EXPECT_THAT([&] { MappedFile::open(folder / "absent"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("absent"), HasSubstr("No such file"))));
  EXPECT_THAT([&] { MappedFile::open(folder.path()); },
              ThrowsMessage<Error>(HasSubstr("is a folder")));
}

// Opening a pipe that nobody writes to would wait for ever.
TEST(MappedFile, APipeIsRefusedAtOnce) {
  testing::TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const auto refused = ThrowsMessage<Error>(HasSubstr("is a pipe"));
  EXPECT_THAT([&] { MappedFile::open(folder / "pipe"); }, refused);
  EXPECT_THAT([&] { require_file(folder / "pipe"); }, refused);
  require_file(folder / "absent");
}

}  // namespace
}  // namespace relatum
