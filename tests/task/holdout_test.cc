// The hold-out is repeatable, and texts that are equal stay on one side.
#include "task/holdout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "support.h"

namespace relatum::task {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using testing::example;
using ::testing::HasSubstr;

TEST(HoldOut, IsRepeatableAndKeepsDuplicatesTogether) {
  std::vector<Example> examples;
  for (int i = 0; i < 100; ++i) {  // ten pairs that differ in case and space only
    examples.push_back(example(std::to_string(i),
                               i < 90 ? "a b" + std::to_string(i) : "A  b" + std::to_string(i - 90),
                               i < 90 ? "a" : "A", "b"));
  }
  const Split split = hold_out(examples, 30, 1);
  EXPECT_EQ(split.held_out.size(), 30u);
  EXPECT_EQ(split.kept.size(), 70u);
  EXPECT_TRUE(std::is_sorted(split.kept.begin(), split.kept.end()));
  const auto held = [&](int64_t i) {
    return std::binary_search(split.held_out.begin(), split.held_out.end(), i);
  };
  for (int64_t i = 0; i < 10; ++i) EXPECT_EQ(held(i), held(90 + i)) << i;
  EXPECT_EQ(hold_out(examples, 30, 1).held_out, split.held_out);
  EXPECT_NE(hold_out(examples, 30, 2).held_out, split.held_out);
  for (const int64_t count : {0, -1, 100, 101}) {
    EXPECT_THAT(error_of([&] { hold_out(examples, count, 1); }), HasSubstr("hold out"));
  }
}

// 60, 30 and 10 of a hundred: 20 of them are 12, 6 and 2.
TEST(HoldOut, TakesOfEachLabelItsShare) {
  std::vector<Example> examples;
  const auto label = [](int i) { return i < 60 ? "often" : i < 90 ? "less" : "rare"; };
  for (int i = 0; i < 100; ++i) {
    const std::string id = std::to_string(i);
    examples.push_back(example(id, "a b " + id, "a", "b", label(i)));
  }
  examples.push_back(example("only", "a b only", "a", "b", "once"));
  for (const uint64_t seed : {1, 2, 3}) {
    const Split split = hold_out(examples, 20, seed);
    std::map<std::string, int64_t> counts;
    for (const int64_t i : split.held_out) ++counts[*examples[size_t(i)].label];
    EXPECT_EQ(counts["often"], 12);
    EXPECT_EQ(counts["less"], 6);
    EXPECT_EQ(counts["rare"], 2);
    EXPECT_EQ(counts["once"], 0) << "else nothing is left to learn it from";
    EXPECT_EQ(split.kept.size(), 81u);
  }
  EXPECT_NE(hold_out(examples, 20, 1).held_out, hold_out(examples, 20, 2).held_out);
  EXPECT_EQ(hold_out(examples, 100, 1).held_out.size(), 100u);
}

// What earlier versions drew for these examples, count and seed.
TEST(HoldOut, TheEarlierDrawStaysWhatItWas) {
  std::vector<Example> examples;
  for (int i = 0; i < 20; ++i) {
    const std::string id = std::to_string(i);
    examples.push_back(example(id, "a b " + id, "a", "b", i % 2 ? "x" : "y"));
  }
  EXPECT_THAT(hold_out_regardless(examples, 6, 1).held_out, ElementsAre(1, 3, 4, 9, 11, 13));
  const auto without = hold_out(examples, 6, 1).held_out;
  for (Example& each : examples) each.document = "one";
  EXPECT_EQ(hold_out_by_text(examples, 6, 1).held_out, without);
}

}  // namespace
}  // namespace relatum::task
