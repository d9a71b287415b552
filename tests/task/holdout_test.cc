// The hold-out is repeatable, and texts that are equal stay on one side.
#include "task/holdout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support.h"

namespace relatum::task {
namespace {

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

}  // namespace
}  // namespace relatum::task
