// ?without=LABELS: which rows and labels are left, and what is refused or told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.h"
#include "task/load.h"

namespace relatum::task {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Scratch;

std::string row(int id, const std::string& label) {
  return R"({"id":")" + std::to_string(id) +
         R"(","text":"ab cd","head":{"start":0,"end":2},"tail":{"start":3,"end":5},"label":")" +
         label + "\"}\n";
}

class Without : public ::testing::Test {
 protected:
  // Eight rows: a(e1,e2), b, a(e2,e1), c and once more.
  void SetUp() override {
    std::string text;
    const char* labels[] = {"a(e1,e2)", "b", "a(e2,e1)", "c"};
    for (int i = 0; i < 8; ++i) text += row(i, labels[i % 4]);
    path_ = scratch_.file("rows.jsonl", text);
  }
  std::vector<std::string> ids(const std::string& parts, const LoadOptions& options = {}) const {
    std::vector<std::string> all;
    for (const Example& each : load_dataset(path_ + parts, options).examples) {
      all.push_back(each.id);
    }
    return all;
  }
  static LoadOptions closed() {
    LoadOptions options;
    options.labels = Labels({"c", "b", "a(e1,e2)", "a(e2,e1)"});
    return options;
  }
  const Scratch scratch_;
  std::string path_;
};

TEST_F(Without, CommasInBracketsBelongToALabel) {
  EXPECT_THAT(parse_spec("x?without=a(e1,e2), b,c((d,e),f)&limit=2").without,
              ElementsAre("a(e1,e2)", "b", "c((d,e),f)"));
  EXPECT_THAT(parse_spec("x?without=a&without=b").without, ElementsAre("a", "b"));
  for (const char* bad : {"x?without=", "x?without=a,,b", "x?without=a,"}) {
    EXPECT_THAT(error_of([&] { parse_spec(bad); }), HasSubstr("empty label")) << bad;
  }
}

TEST_F(Without, RowsAndLabelsGoBeforeLimitAndSample) {
  EXPECT_THAT(ids("?without=a(e1,e2),c"), ElementsAre("1", "2", "5", "6"));
  EXPECT_THAT(ids("?without=a(e1,e2),c&limit=3"), ElementsAre("1", "2", "5"));
  EXPECT_EQ(ids("?sample=4&without=a(e1,e2),c").size(), 4u);
  const Dataset open = load_dataset(path_ + "?without=a(e1,e2),c");
  EXPECT_THAT(open.labels.names(), ElementsAre("b", "a(e2,e1)"));
  EXPECT_EQ(open.left_out, 4);
  EXPECT_THAT(load_dataset(path_ + "?without=b", closed()).labels.names(),
              ElementsAre("c", "a(e1,e2)", "a(e2,e1)"));
}

TEST_F(Without, ARowOfSeveralLabelsGoesWithOneOfThem) {
  std::string several = row(1, "b");
  several.replace(several.find("\"label\":\"b\""), 11, "\"labels\":[\"b\",\"c\"]");
  path_ = scratch_.file("more.jsonl", several + row(2, "b"));
  EXPECT_THAT(ids("?without=c"), ElementsAre("2"));
}

TEST_F(Without, LabelsThatAreNotThereAreNamed) {
  EXPECT_THAT(error_of([&] { ids("?without=a(e1,e3)", closed()); }),
              AllOf(HasSubstr("'a(e1,e3)'"), HasSubstr("'a(e1,e2)'")));
  EXPECT_THAT(load_dataset(path_ + "?without=d").warnings,
              Contains("without= names the label 'd', which no row has."));
  EXPECT_THAT(load_dataset(path_ + "?without=c").warnings, Not(Contains(HasSubstr("without="))));
}

TEST_F(Without, NothingLeftIsRefused) {
  for (const char* parts : {"", "&sample=2"}) {
    EXPECT_THAT(error_of([&] { ids("?without=a(e1,e2),b,a(e2,e1),c" + std::string(parts)); }),
                AllOf(HasSubstr("rows.jsonl"), HasSubstr("every row has a label")));
  }
  EXPECT_THAT(error_of([&] { ids("?without=a(e1,e2),b,a(e2,e1),c", closed()); }),
              HasSubstr("names every label"));
}

// What is answered and scored is said by --labels, whichever rows are asked.
TEST_F(Without, AnInventoryThatIsAskedForStays) {
  LoadOptions options = closed();
  options.keep_unknown_labels = true;
  const Dataset data = load_dataset(path_ + "?without=b,elsewhere", options);
  EXPECT_EQ(data.labels.size(), 4);
  EXPECT_EQ(data.count, 6);
}

TEST_F(Without, WholeDocumentsAreRefusedAndTheirPairsAreNot) {
  const std::string path = scratch_.file(
      "documents.jsonl",
      R"({"id":"d","text":"ab cd ef","entities":[{"id":"T1","start":0,"end":2,"type":"X"},)"
      R"({"id":"T2","start":3,"end":5,"type":"X"},{"id":"T3","start":6,"end":8,"type":"X"}],)"
      R"("relations":[{"head":"T1","tail":"T2","label":"p"},{"head":"T2","tail":"T3",)"
      R"("label":"q"}]})"
      "\n");
  const Dataset pairs = load_dataset(path + "?without=p");
  ASSERT_EQ(pairs.examples.size(), 1u);
  EXPECT_EQ(pairs.examples[0].label, "q");
  EXPECT_THAT(
      error_of([&] { read_documents(parse_spec(path + "?without=p"), {}, [](Document&&) {}); }),
      AllOf(HasSubstr("documents.jsonl"), HasSubstr("read whole")));
}

}  // namespace
}  // namespace relatum::task
