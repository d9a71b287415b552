// The bootstrap over sentences.
#include "task/interval.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support.h"
#include "support/shared.h"
#include "task/load.h"

namespace relatum::task {
namespace {

struct Rows {
  Labels labels{std::vector<std::string>{"a", "b"}};
  std::vector<std::vector<Cell>> cells;
  std::vector<int64_t> groups;

  std::optional<Interval> interval(const BootstrapOptions& options = {}) const {
    const std::vector<bool> right(cells.size());
    const auto all = bootstrap_all(Confusion(labels, {}), cells, right, groups, options);
    if (!all) return std::nullopt;
    EXPECT_EQ(all->accuracy.high, 0);  // none is right
    const auto same = [](const Metric* each) { return each->name == "micro_all"; };
    return all->metrics[size_t(std::ranges::find_if(metrics(), same) - metrics().begin())];
  }
};

/// 400 rows, 80 % right; rows of one sentence are right or wrong together.
Rows rows_of(int64_t per_sentence) {
  Rows rows;
  for (int64_t i = 0; i < 400; ++i) {
    const int64_t sentence = i / per_sentence;
    const auto gold = int32_t(i % 2);
    rows.cells.push_back({{gold, sentence % 5 == 0 ? 1 - gold : gold}});
    rows.groups.push_back(sentence);
  }
  return rows;
}

TEST(Bootstrap, IsRepeatableAndHoldsTheFigure) {
  const Rows rows = rows_of(1);
  const Interval interval = *rows.interval();
  EXPECT_EQ(interval.samples, 1000);
  EXPECT_EQ(interval.units, 400);
  EXPECT_LT(interval.low, 0.8);
  EXPECT_GT(interval.high, 0.8);
  // 0.8 of 400: the normal interval is 0.8 ± 1.96 · 0.02, so both ends lie within 4 of them.
  EXPECT_GT(interval.low, 0.72);
  EXPECT_LT(interval.high, 0.88);
  const Interval again = *rows.interval();
  EXPECT_EQ(again.low, interval.low);
  EXPECT_EQ(again.high, interval.high);
  EXPECT_NE(rows.interval({.seed = 2})->low, interval.low);
}

TEST(Bootstrap, DrawsSentencesWhole) {
  // Ten rows a sentence, all right or all wrong: 40 independent draws, so the interval is √10 times
  // as wide as that of 400; half of the excess would tell rows drawn one by one.
  const Interval rows = *rows_of(1).interval(), sentences = *rows_of(10).interval();
  EXPECT_EQ(sentences.units, 40);
  EXPECT_GT(sentences.high - sentences.low, 2 * (rows.high - rows.low));
}

TEST(Bootstrap, HasNothingToDrawFromOneSentence) {
  EXPECT_EQ(rows_of(400).interval(), std::nullopt);
}

TEST(SentenceGroups, AreEqualTextsOrDocuments) {
  std::vector<Example> examples = {
      testing::example("1", "a b", "a", "b"), testing::example("2", "c d", "c", "d"),
      testing::example("3", "A  b", "A", "b"), testing::example("4", "e f", "e", "f"),
      testing::example("5", "g h", "g", "h")};
  EXPECT_EQ(sentence_groups(examples), (std::vector<int64_t>{0, 1, 0, 2, 3}));
  examples[3].document = examples[4].document = "d1";
  EXPECT_EQ(sentence_groups(examples), (std::vector<int64_t>{0, 1, 0, 2, 2}));
}

TEST(SentenceGroups, OfSemevalsTestSplitAreItsDistinctTexts) {
  const auto file = relatum::testing::shared_file("semeval2010/TEST_FILE_FULL.TXT");
  RELATUM_NEEDS(file);
  const Dataset data = load_dataset(file->string());
  const auto groups = sentence_groups(data.examples);
  ASSERT_EQ(groups.size(), 2717u);
  // Three texts stand there twice, with other entities marked; all others once.
  EXPECT_EQ(*std::max_element(groups.begin(), groups.end()) + 1, 2714);
  const auto group_of = [&](const std::string& id) {
    const auto at = std::find_if(data.examples.begin(), data.examples.end(),
                                 [&](const Example& example) { return example.id == id; });
    return groups[size_t(at - data.examples.begin())];
  };
  EXPECT_EQ(group_of("8242"), group_of("9522"));
  EXPECT_EQ(group_of("9743"), group_of("10072"));
  EXPECT_EQ(group_of("10350"), group_of("10505"));
}

}  // namespace
}  // namespace relatum::task
