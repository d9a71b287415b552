// Where rows stand: how it is said, and that warnings and errors of all kinds of data say it.
#include "task/place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "datasets/support.h"

namespace relatum::task {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using testing::error_of;
using ::testing::HasSubstr;
using testing::Scratch;

TEST(Place, NamesWhatTheRowNeeds) {
  EXPECT_EQ(place_text({"", 3}), "line 3");
  EXPECT_EQ(place_text({"", 1, 7}), "row 7 (line 1)");
  EXPECT_EQ(place_text({"notes/a.ann", 3}), "notes/a.ann:3");
  EXPECT_EQ(at_place({"", 3}), "on line 3");
  EXPECT_EQ(at_place({"", 1, 7}), "in row 7 (line 1)");
  EXPECT_EQ(at_place({"notes/a.ann", 3}), "at notes/a.ann:3");
  EXPECT_EQ(full_place("a.jsonl", {"", 3}), "a.jsonl:3");
  EXPECT_EQ(full_place("a.json", {"", 1, 7}), "a.json:1: row 7");
  EXPECT_EQ(full_place("notes", {"notes/a.ann", 3}), "notes/a.ann:3");
}

TEST(Place, OfManyRowsAreKept) {
  Places places;
  const auto a = places.keep({"a", 1}), b = places.keep({"b", 2}), none = places.keep({"", 4, 5});
  EXPECT_EQ(place_text(places.of(a)), "a:1");
  EXPECT_EQ(place_text(places.of(b)), "b:2");
  EXPECT_EQ(place_text(places.of(none)), "row 5 (line 4)");
}

// All rows stand on one line: only their number tells them apart.
TEST(Place, RowsOfAnArrayAreNamedByTheirNumber) {
  const std::string row = R"({"id":1,"text":"Ada runs Pell","head":"Ada","tail":"Pell","label":)";
  const Scratch scratch;
  const auto array = [&](const std::string& rows) {
    return scratch.file("a.json", "[" + rows + "]");
  };
  const std::string first = row + R"("x"})", other = R"({"id":2,)" + first.substr(8);
  EXPECT_THAT(error_of([&] { load_dataset(array(first + "," + first)); }),
              HasSubstr("a.json:1: row 2: id '1' already stands in row 1 (line 1)."));
  EXPECT_THAT(error_of([&] { load_dataset(array(first + R"(,{"id":2})")); }),
              AllOf(HasSubstr("a.json:1: row 2: "), HasSubstr("'text'")));
  EXPECT_THAT(error_of([&] { load_dataset(array(first + ",")); }), HasSubstr("a.json:1: expected"));
  EXPECT_THAT(error_of([&] { load_dataset(array(first + "]\n[" + other)); }),
              HasSubstr("a.json:2: something follows the array's end. Put all rows into one "));
  const auto warnings = load_dataset(array(first + "," + other)).warnings;
  EXPECT_THAT(warnings, Contains(HasSubstr("1 row: row 2 (line 1) (as row 1 (line 1)).")));
  EXPECT_THAT(
      load_dataset(array(first + "," + other.substr(0, other.size() - 1) + R"(,"x":1})")).warnings,
      Contains(HasSubstr("'x' (first in row 2 (line 1)")));
  LoadOptions skip;
  skip.skip_bad_rows = true;
  const Dataset data = load_dataset(array(first + R"(,{"id":2},)" + R"({"id":3})"), skip);
  ASSERT_EQ(data.bad_rows.size(), 2u);
  EXPECT_EQ(data.bad_rows[1].row, 3);
}

TEST(Place, RowsOfAFolderAreNamedByTheirFile) {
  const Scratch scratch;
  std::filesystem::create_directories(scratch.path("notes"));
  for (const char* name : {"notes/a", "notes/b"}) {
    scratch.file(std::string(name) + ".txt", "Ada runs Pell.");
    scratch.file(std::string(name) + ".ann",
                 "T1\tPER 0 3\tAda\nT2\tORG 9 12\tPel\nR1\truns Arg1:T1 Arg2:T2\n"
                 "A1\tSure T1\n");
  }
  const std::string a = scratch.path("notes/a.ann"), b = scratch.path("notes/b.ann");
  const auto warnings = load_dataset(scratch.path("notes")).warnings;
  EXPECT_THAT(warnings, Contains(HasSubstr("are passed over: 2 rows, the first at " + a + ":4")));
  EXPECT_THAT(warnings, Contains(HasSubstr("within a word: 2 rows: " + a + ":1 ('Pel'), " + b)));
  EXPECT_THAT(warnings, Contains(HasSubstr(b + ":1 (as " + a + ":1)")));
}

}  // namespace
}  // namespace relatum::task
