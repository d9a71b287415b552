// JSON lines: counting, line ends, going on behind a bad row.
#include "io/jsonl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "support/temporary.h"

namespace relatum::io {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Jsonl, CountsLinesAndSkipsBlankOnes) {
  std::istringstream stream("\xef\xbb\xbf{\"a\":1}\r\n\r\n  \n{\"a\":2}\n{\"a\":3}");
  JsonlReader reader(stream, "stdin");
  nlohmann::json row;
  std::vector<std::pair<int64_t, int>> seen;
  while (reader.next(row)) seen.emplace_back(reader.line(), row["a"].get<int>());
  EXPECT_THAT(seen, ::testing::ElementsAre(std::pair(1, 1), std::pair(4, 2), std::pair(5, 3)));
}

TEST(Jsonl, ABadRowIsNamedAndCanBeSkipped) {
  testing::TemporaryFolder folder;
  write_file(folder / "d.jsonl", "[1]\n{\"text\":\"\\ud800\"}\n[3]\n");
  JsonlReader reader(folder / "d.jsonl");
  nlohmann::json row;
  ASSERT_TRUE(reader.next(row));
  EXPECT_THAT([&] { reader.next(row); }, ThrowsMessage<Error>(HasSubstr("d.jsonl:2: ")));
  ASSERT_TRUE(reader.next(row));
  EXPECT_EQ(row[0], 3);
  EXPECT_FALSE(reader.next(row));
}

TEST(Jsonl, FilesThatCannotBeReadAreNamed) {
  testing::TemporaryFolder folder;
  EXPECT_THAT([&] { JsonlReader(folder / "absent"); },
              ThrowsMessage<Error>(HasSubstr("absent: No such file")));
  EXPECT_THAT([&] { JsonlReader reader(folder.path()); },
              ThrowsMessage<Error>(HasSubstr("is a folder")));
}

TEST(Jsonl, WritesWhatItReads) {
  testing::TemporaryFolder folder;
  JsonlWriter writer(folder / "o.jsonl");
  writer.write({{"id", "1"}, {"text", "two\nlines"}});
  writer.write({{"id", "2"}});
  EXPECT_FALSE(std::filesystem::exists(folder / "o.jsonl"));
  writer.commit();
  EXPECT_EQ(read_file(folder / "o.jsonl"),
            "{\"id\":\"1\",\"text\":\"two\\nlines\"}\n{\"id\":\"2\"}\n");
}

}  // namespace
}  // namespace relatum::io
