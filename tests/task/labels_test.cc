// Inventories and their files.
#include "task/labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.h"
#include "task/json_array.h"

namespace relatum::task {
namespace {

using ::testing::AllOf;
using testing::error_of;
using ::testing::HasSubstr;
using testing::Scratch;

TEST(Labels, KeepOrderAndFind) {
  Labels labels({"b", "a"});
  EXPECT_EQ(labels.find("a"), 1);
  EXPECT_EQ(labels.find("c"), std::nullopt);
  EXPECT_EQ(labels.add("c"), 2);
  EXPECT_EQ(labels.add("b"), 0);
  EXPECT_EQ(labels.size(), 3);
  EXPECT_THAT(error_of([&] { labels.index("A", "x.json:3"); }),
              AllOf(HasSubstr("x.json:3"), HasSubstr("'A'"), HasSubstr("'a'")));
  EXPECT_NE(error_of([] { Labels({"a", "a"}); }), "");
  EXPECT_NE(error_of([] { Labels({"a", ""}); }), "");
}

TEST(Labels, NegativeIsNoRelationOrOther) {
  EXPECT_EQ(negative_label(Labels({"Other", "no_relation"})), "no_relation");
  EXPECT_EQ(negative_label(Labels({"a", "Other"})), "Other");
  EXPECT_EQ(negative_label(Labels({"a", "other"})), std::nullopt);
}

TEST(Labels, FilesGoBothWays) {
  const Scratch scratch;
  const Labels labels({"z", "a\"é"});
  save_labels(scratch.path("labels.json"), labels);
  EXPECT_EQ(load_labels(scratch.path("labels.json")), labels);
  for (const char* bad : {"", "{}", "[]", "[1]", "[\"a\",\"a\"]", "[\"\"]", "[\"\\ud800\"]", "["}) {
    const std::string path = scratch.file("bad.json", bad);
    EXPECT_THAT(error_of([&] { load_labels(path); }), HasSubstr("bad.json")) << bad;
  }
}

TEST(JsonArray, CutsElementsApart) {
  std::vector<std::string> seen;
  const auto walk = [&](const std::string& text) {
    seen.clear();
    const JsonFault fault = walk_json_array(text, [&](const JsonElement& element) {
      seen.push_back(std::to_string(element.line) + ":" + std::string(element.text));
    });
    return fault ? fault.sentence : "";
  };
  EXPECT_EQ(walk(R"( [1, {"a":"],\"}"},)"
                 "\n[2,[3]] ]\n"),
            "");
  EXPECT_EQ(seen, (std::vector<std::string>{"1:1", R"(1:{"a":"],\"}"})", "2:[2,[3]] "}));
  EXPECT_EQ(walk("[]"), "");
  EXPECT_TRUE(seen.empty());
  for (const char* bad : {"", "{", "[", "[1", "[1,", "[\"a", "[\"\\", "[1] 2"}) {
    EXPECT_NE(walk(bad), "") << bad;
  }
}

}  // namespace
}  // namespace relatum::task
