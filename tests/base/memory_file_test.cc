// Bytes under a path: readers find them, and nothing stays behind.
#include "base/memory_file.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/atomic_file.h"
#include "base/mapped_file.h"

namespace relatum {
namespace {

TEST(MemoryFile, IsReadByItsPath) {
  // Longer than a page and than what is written at once.
  std::string bytes(3'000'001, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = char(i % 251);
  const MemoryFile file(bytes);
  EXPECT_TRUE(std::filesystem::is_regular_file(file.path()));
  EXPECT_EQ(read_file(file.path()), bytes);
  EXPECT_EQ(read_file(file.path()), bytes) << "a second time";
}

TEST(MemoryFile, TwoAreApartAndMayBeEmpty) {
  const MemoryFile one("one"), two("two"), none("");
  EXPECT_EQ(read_file(one.path()), "one");
  EXPECT_EQ(read_file(two.path()), "two");
  EXPECT_EQ(read_file(none.path()), "");
}

TEST(MemoryFile, GoesWithItsOwnerWhileMappingsKeepTheBytes) {
  std::filesystem::path path;
  std::shared_ptr<const MappedFile> mapped;
  {
    const MemoryFile file("kept");
    path = file.path();
    mapped = MappedFile::open(path);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(std::memcmp(mapped->bytes().data(), "kept", 4), 0);
}

}  // namespace
}  // namespace relatum
