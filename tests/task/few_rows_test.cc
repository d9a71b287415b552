// ?few=N:LABELS: which rows are left, and what is refused.
#include "task/few_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datasets/support.h"
#include "task/load.h"

namespace relatum::task {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::Scratch;

std::string row(int id, const std::string& labels) {
  return R"({"id":")" + std::to_string(id) +
         R"(","text":"ab cd","head":{"start":0,"end":2},"tail":{"start":3,"end":5},"labels":[)" +
         labels + "]}\n";
}

class Few : public ::testing::Test {
 protected:
  // Nine rows: a(e1,e2), b, and both or c in the third place.
  void SetUp() override {
    const std::string a = "\"a(e1,e2)\"", b = "\"b\"", c = "\"c\"";
    const std::string labels[] = {a, b, a + "," + b, a, b, c, a, b, c};
    std::string text;
    for (int i = 0; i < 9; ++i) text += row(i, labels[i]);
    path_ = scratch_.file("rows.jsonl", text);
  }
  std::vector<std::string> ids(const std::string& parts) const {
    std::vector<std::string> all;
    for (const Example& each : load_dataset(path_ + parts).examples) all.push_back(each.id);
    return all;
  }
  const Scratch scratch_;
  std::string path_;
};

TEST_F(Few, RowsOfALabelAreTheFirstOnes) {
  EXPECT_THAT(ids("?few=1:b"), ElementsAre("0", "1", "3", "5", "6", "8"));
  EXPECT_THAT(ids("?few=2:b,a(e1,e2)"), ElementsAre("0", "1", "2", "5", "8"))
      << "the third row counts for both of its labels";
  EXPECT_THAT(ids("?few=1:b,a(e1,e2)"), ElementsAre("0", "1", "5", "8"));
  EXPECT_EQ(load_dataset(path_ + "?few=1:b").labels.size(), 3);
}

TEST_F(Few, ComeAfterLimitSampleAndOtherLabels) {
  EXPECT_THAT(ids("?limit=5&few=1:b"), ElementsAre("0", "1", "3"));
  EXPECT_THAT(ids("?few=1:b&without=c"), ElementsAre("0", "1", "3", "6"));
  const auto drawn = ids("?sample=6&seed=3");
  std::vector<std::string> wanted;  // 5 and 8 have the label c
  bool seen = false;
  for (const std::string& each : drawn) {
    const bool of_c = each == "5" || each == "8";
    if (!of_c || !seen) wanted.push_back(each);
    seen = seen || of_c;
  }
  EXPECT_EQ(drawn.size(), wanted.size() + 1) << "the seed draws both";
  EXPECT_EQ(ids("?sample=6&seed=3&few=1:c"), wanted);
}

TEST_F(Few, ActOnRowsThatAreReadAsDocuments) {
  int64_t rows = 0;
  read_documents(parse_spec(path_ + "?few=1:b"), {}, [&](Document&&) { ++rows; });
  EXPECT_EQ(rows, 6);
}

TEST_F(Few, AreRefusedWhereTheyCannotBeMeant) {
  for (const char* bad : {"x?few=3", "x?few=2:a&few=3:b"}) {
    EXPECT_THAT(error_of([&] { parse_spec(bad); }), HasSubstr("few=N:LABELS, once")) << bad;
  }
  EXPECT_THAT(error_of([] { parse_spec("x?few=0:a"); }), HasSubstr("at least 1"));
  EXPECT_THAT(error_of([] { parse_spec("x?few=2:a,"); }), HasSubstr("'few=' names an empty label"));
  EXPECT_THAT(error_of([] { parse_spec("x?few=99999999999999999999:a"); }),
              HasSubstr("and a smaller one"));
  EXPECT_THAT(error_of([&] { ids("?few=2:z"); }),
              AllOf(HasSubstr("few= names 'z', and no row has"), HasSubstr("as the data do")));
  EXPECT_THAT(error_of([&] { ids("?few=1:b&without=b"); }),
              HasSubstr("no row that the other parts leave has that label"));
  const std::string document =
      R"({"id":"d","text":"Bo","entities":[{"id":"T1","start":0,"end":2}],"relations":[]})";
  const std::string path = scratch_.file("documents.jsonl", document + "\n");
  EXPECT_THAT(
      error_of([&] { read_documents(parse_spec(path + "?few=2:a"), {}, [](Document&&) {}); }),
      HasSubstr("few= is for rows"));
}

}  // namespace
}  // namespace relatum::task
