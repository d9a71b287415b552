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

TEST(Labels, DescriptionsKeepTheFilesOrder) {
  const Scratch scratch;
  const Labels labels = load_labels(
      scratch.file("labels.json", R"({"z": " the last\n", "a": "", "m": "é: \"quoted\""})"));
  EXPECT_EQ(labels.names(), (std::vector<std::string>{"z", "a", "m"}));
  EXPECT_EQ(labels.description(0), "the last");
  EXPECT_EQ(labels.description(1), "");
  EXPECT_TRUE(labels.described());
  save_labels(scratch.path("again.json"), labels);
  const Labels again = load_labels(scratch.path("again.json"));
  EXPECT_EQ(again, labels);
  EXPECT_EQ(descriptions_hash(again), descriptions_hash(labels));
  for (const char* bad : {R"({"a": 1})", R"({"a": "x", "a": "y"})", R"({"": "x"})",
                          R"({"a": "x", " a": "y"})", R"({"a": ["x"]})"}) {
    const std::string path = scratch.file("bad.json", bad);
    EXPECT_THAT(error_of([&] { load_labels(path); }), HasSubstr("bad.json")) << bad;
  }
}

// Versions that know no descriptions read what has none.
TEST(Labels, WithoutDescriptionsTheFileIsAList) {
  const Scratch scratch;
  save_labels(scratch.path("labels.json"),
              load_labels(scratch.file("in.json", R"({"b":"","a":""})")));
  EXPECT_EQ(testing::slurp(scratch.path("labels.json")), "[\n \"b\",\n \"a\"\n]\n");
  EXPECT_EQ(descriptions_hash(Labels({"a"})), "");
}

TEST(Labels, LessAndWithDescriptionsKeepWhatIsKnown) {
  Labels labels({"a", "b", "c"});
  labels.describe(1, "second");
  labels.describe(2, "third");
  const std::vector<std::string> names = {"a", "c"};
  const Labels rest = labels.less(names);
  EXPECT_EQ(rest.names(), (std::vector<std::string>{"b"}));
  EXPECT_EQ(rest.description(0), "second");
  Labels other({"c", "d", "b"});
  other.describe(2, "its own");
  const Labels filled = with_descriptions(other, labels);
  EXPECT_EQ(filled.description(0), "third");
  EXPECT_EQ(filled.description(1), "");
  EXPECT_EQ(filled.description(2), "its own");
  EXPECT_FALSE(labels == Labels({"a", "b", "c"}));
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
