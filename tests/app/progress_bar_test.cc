// What is told of progress, on a clock of the test's own.
#include "app/progress_bar.h"

#include <gtest/gtest.h>

namespace relatum::app {
namespace {

TEST(ProgressLines, TellEveryThirtySeconds) {
  ProgressLines lines;
  const auto at = [&](double now, double done) {
    return lines.next({"training", done, 100, "steps", "loss 0.412"}, now);
  };
  EXPECT_FALSE(at(1000, 10));
  EXPECT_FALSE(at(1029, 20));
  EXPECT_EQ(at(1030, 25), "training: 25 of 100 steps, 0.50/s, 2 min 30 s left, loss 0.412");
  EXPECT_FALSE(at(1059, 30));
  EXPECT_EQ(at(1061, 100), "training: 100 of 100 steps, 1.48/s, loss 0.412");
}

TEST(ProgressLines, BeginAgainWithANewTask) {
  ProgressLines lines;
  EXPECT_FALSE(lines.next({"embedding", 0, 100, "sentences", ""}, 0));
  EXPECT_FALSE(lines.next({"training", 0, 100, "steps", ""}, 31));
  EXPECT_FALSE(lines.next({"training", 5, 100, "steps", ""}, 60));
  EXPECT_EQ(lines.next({"training", 15, 0, "steps", ""}, 61), "training: 15 steps, 0.50/s");
  lines.reset();
  EXPECT_FALSE(lines.next({"training", 15, 100, "steps", ""}, 100));
}

TEST(ProgressBar, DrawsItsShare) {
  ProgressRate rate;
  EXPECT_TRUE(rate.take({"scoring", 0, 8, "sentences", ""}, 0));
  EXPECT_EQ(rate.bar({"scoring", 2, 8, "sentences", "a\nb"}, 1),
            "scoring [######..................] 2/8 sentences  2.00/s  3 s left  a\\nb");
}

// Who counts in seconds of work says by them how many are left.
TEST(ProgressBar, TellsNoRateOfSeconds) {
  ProgressRate rate;
  EXPECT_TRUE(rate.take({"rank", 10, 0, "s", ""}, 10));
  EXPECT_EQ(rate.sentence({"rank", 40, 100, "s", "cell 2"}, 40),
            "rank: 40 of 100 s, 1 min 00 s left, cell 2");
}

TEST(ProgressBar, FitsColumnsAtWholeCharacters) {
  EXPECT_EQ(fit_columns("abc", 3), "abc");
  EXPECT_EQ(fit_columns("äöü", 2), "äö");
  EXPECT_EQ(fit_columns("日本語", 5), "日本");
  EXPECT_EQ(fit_columns("a\U0001F600b", 2), "a");
  EXPECT_EQ(fit_columns("abc", 0), "");
}

}  // namespace
}  // namespace relatum::app
