// Lists of labels in training prompts: what decides them, and that the answer is always there.
#include "task/label_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "support.h"
#include "task/prompt.h"
#include "task/verbalise.h"

namespace relatum::task {
namespace {

using ::testing::HasSubstr;
using Places = std::vector<int64_t>;

Places draw(const char* kind, int64_t count, const Places& needed, const std::string& row,
            uint64_t seed = 1) {
  return draw_label_list(kind, count, needed, seed, row);
}

TEST(LabelList, ShuffledHasAllLabelsInEveryOrder) {
  std::set<Places> orders;
  std::map<int64_t, int64_t> first;
  constexpr int64_t kRows = 3000, kLabels = 4;
  for (int64_t i = 0; i < kRows; ++i) {
    Places list = draw(kShuffledList, kLabels, {2}, "r" + std::to_string(i));
    orders.insert(list);
    ++first[list[0]];
    std::ranges::sort(list);
    ASSERT_EQ(list, (Places{0, 1, 2, 3}));
  }
  EXPECT_EQ(orders.size(), 24u);
  const double expected = double(kRows) / kLabels;
  for (int64_t i = 0; i < kLabels; ++i) {  // five deviations
    EXPECT_NEAR(double(first[i]), expected, 5 * std::sqrt(expected * 0.75)) << i;
  }
}

TEST(LabelList, SampledHasTheNeededOnesAndEverySizeFromTwo) {
  constexpr int64_t kRows = 4000, kLabels = 6;
  std::map<size_t, int64_t> sizes;
  std::map<int64_t, int64_t> place_of_answer;
  for (int64_t i = 0; i < kRows; ++i) {
    const Places list = draw(kSampledList, kLabels, {3}, "r" + std::to_string(i));
    EXPECT_EQ(std::ranges::count(list, 3), 1);
    EXPECT_EQ(std::set<int64_t>(list.begin(), list.end()).size(), list.size());
    ++sizes[list.size()];
    if (list.size() == 2) ++place_of_answer[std::ranges::find(list, 3) - list.begin()];
  }
  const double expected = double(kRows) / 5;
  for (size_t size = 2; size <= 6; ++size) {
    EXPECT_NEAR(double(sizes[size]), expected, 5 * std::sqrt(expected * 0.8)) << size;
  }
  // The answer's place gives nothing away.
  const double half = double(sizes[2]) / 2;
  EXPECT_NEAR(double(place_of_answer[0]), half, 5 * std::sqrt(half / 2));
}

TEST(LabelList, ShownExamplesKeepTheirLabels) {
  for (int i = 0; i < 200; ++i) {
    const Places list = draw(kSampledList, 5, {0, 4, 0}, std::to_string(i));
    EXPECT_EQ(std::ranges::count(list, 0), 1);
    EXPECT_EQ(std::ranges::count(list, 4), 1);
  }
  EXPECT_EQ(draw(kSampledList, 1, {0}, "x"), (Places{0}));
  EXPECT_EQ(draw(kSampledList, 2, {1}, "x").size(), 2u);
}

TEST(LabelList, SeedAndRowDecide) {
  EXPECT_EQ(draw(kShuffledList, 19, {0}, "a"), draw(kShuffledList, 19, {0}, "a"));
  EXPECT_NE(draw(kShuffledList, 19, {0}, "a"), draw(kShuffledList, 19, {0}, "b"));
  EXPECT_NE(draw(kShuffledList, 19, {0}, "a"), draw(kShuffledList, 19, {0}, "a", 2));
}

// Prompts that list labels: these alone, in this order, with their descriptions.
TEST(LabelList, StandsInThePrompt) {
  const PromptRenderer plain(load_style("roles"), Labels({"cause-effect(e1,e2)", "other", "part"}));
  const Example query = testing::example("q", "Rain made floods.", "Rain", "floods", "other");
  const Places listed = {2, 1};
  EXPECT_THAT(plain.render(query).prompt, HasSubstr("Relations: cause effect, other, part.\n"));
  const Prompt cut = plain.render_listing(query, {}, listed);
  EXPECT_THAT(cut.prompt, HasSubstr("Relations: part, other.\n"));
  EXPECT_EQ(cut.completion, " other");
  EXPECT_EQ(cut.prefix_chars, 0);  // no other row begins so
  Labels labels = plain.labels();
  labels.describe(0, "the head brings the tail about, or makes it");
  labels.describe(2, "the head is in the tail");
  const PromptRenderer described(load_style("roles"), labels);
  EXPECT_THAT(described.render(query).prompt,
              HasSubstr("Relations: cause effect: the head brings the tail about, or makes it; "
                        "other; part: the head is in the tail.\n"));
  EXPECT_THAT(described.render_listing(query, {}, listed).prompt,
              HasSubstr("Relations: part: the head is in the tail; other.\n"));
  EXPECT_EQ(described.answers(), plain.answers());
}

}  // namespace
}  // namespace relatum::task
