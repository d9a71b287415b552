// Folds: each row once, equal texts together, every label's rows dealt out evenly.
#include "task/folds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "support.h"
#include "task/holdout.h"

namespace relatum::task {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using testing::example;
using ::testing::HasSubstr;

// `counts[i]` rows of the label Li, each with a text of its own.
std::vector<Example> labelled(const std::vector<int64_t>& counts) {
  std::vector<Example> examples;
  for (size_t label = 0; label < counts.size(); ++label) {
    for (int64_t i = 0; i < counts[label]; ++i) {
      const std::string id = std::to_string(examples.size());
      examples.push_back(example(id, "a b " + id, "a", "b", "L" + std::to_string(label)));
    }
  }
  return examples;
}

std::map<std::string, std::map<int64_t, int64_t>> counts_of(const std::vector<Example>& examples,
                                                            const std::vector<int64_t>& folds) {
  std::map<std::string, std::map<int64_t, int64_t>> counts;
  for (size_t i = 0; i < folds.size(); ++i) ++counts[*examples[i].label][folds[i]];
  return counts;
}

TEST(Folds, EachLabelsRowsAreDealtOutEvenly) {
  const std::vector<int64_t> sizes{50, 17, 5, 3, 1};
  const auto examples = labelled(sizes);
  for (const int64_t count : {2, 3, 5, 10}) {
    for (const uint64_t seed : {1, 2, 3}) {
      const auto folds = assign_folds(examples, count, seed);
      std::map<int64_t, int64_t> sums;
      for (const int64_t fold : folds) ++sums[fold];
      EXPECT_EQ(int64_t(sums.size()), count);
      const auto counts = counts_of(examples, folds);
      for (const auto& [label, parts] : counts) {
        int64_t least = int64_t(parts.size()) == count ? 1 << 20 : 0, most = 0;
        for (const auto& [fold, rows] : parts) {
          least = std::min(least, rows);
          most = std::max(most, rows);
        }
        EXPECT_LE(most - least, 1) << label << " in " << count;
      }
    }
  }
}

TEST(Folds, EqualTextsAreInOneFold) {
  auto examples = labelled({20, 20});
  for (int i = 0; i < 15; ++i) {  // again in capitals, and with the other label
    Example again = examples[size_t(i)];
    again.id += "b";
    again.text = "A B  " + again.text.substr(4);
    if (i % 3 == 0) again.label = "L1";
    examples.push_back(again);
  }
  const auto folds = assign_folds(examples, 4, 1);
  for (size_t i = 0; i < 15; ++i) EXPECT_EQ(folds[i], folds[40 + i]) << i;
  std::map<int64_t, int64_t> sums;
  for (const int64_t fold : folds) ++sums[fold];
  for (const auto& [fold, rows] : sums) EXPECT_NEAR(double(rows), 55.0 / 4, 2.0) << fold;
}

// Pairs of one document have texts of their own where a window cuts them.
TEST(Folds, DocumentsAreInOneFold) {
  auto examples = labelled({20, 20});
  for (size_t i = 0; i < 12; ++i) examples[i * 3].document = "d" + std::to_string(i / 3);
  examples[1].text = examples[39].text;  // joins a text of one document with another's
  examples[1].document = "d0";
  examples[39].document = "d9";
  examples[38].document = "d9";
  for (const uint64_t seed : {1, 2, 3}) {
    const auto folds = assign_folds(examples, 4, seed);
    for (size_t i = 0; i < 12; ++i) EXPECT_EQ(folds[i * 3], folds[i / 3 * 9]) << i;
    for (const size_t i : {1, 38, 39}) EXPECT_EQ(folds[i], folds[0]) << i;
    const Split split = hold_out(examples, 12, seed);
    std::map<std::string, std::set<bool>> sides;
    for (const int64_t i : split.held_out) sides[examples[size_t(i)].document].insert(true);
    for (const int64_t i : split.kept) sides[examples[size_t(i)].document].insert(false);
    sides.erase("");
    for (const auto& [document, side] : sides) EXPECT_EQ(side.size(), 1u) << document;
    EXPECT_EQ(sides["d0"], sides["d9"]);
  }
  EXPECT_EQ(whole_groups(examples).size(), 40u - 8 - 3);
  EXPECT_EQ(text_groups(examples).size(), 39u);
}

TEST(Folds, TheSeedDecidesAlone) {
  const auto examples = labelled({30, 10});
  EXPECT_EQ(assign_folds(examples, 5, 1), assign_folds(examples, 5, 1));
  EXPECT_NE(assign_folds(examples, 5, 1), assign_folds(examples, 5, 2));
}

TEST(Folds, MorePartsThanTextsAreRefused) {
  auto examples = labelled({3});
  examples.push_back(examples[0]);
  EXPECT_THAT(error_of([&] { assign_folds(examples, 4, 1); }), HasSubstr("3 different texts"));
  EXPECT_THAT(error_of([&] { assign_folds(examples, 1, 1); }), HasSubstr("--folds"));
  const auto three = assign_folds(examples, 3, 1);
  EXPECT_EQ(std::set(three.begin(), three.end()).size(), 3u);
}

TEST(Folds, SmallLabelsAreNamed) {
  EXPECT_THAT(labels_below(labelled({9, 4, 5, 1}), 5), ElementsAre("L1", "L3"));
}

}  // namespace
}  // namespace relatum::task
