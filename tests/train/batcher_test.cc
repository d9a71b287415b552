// Steps and micro-batches: every row once, within the budget, its targets behind the right tokens.
#include "train/batcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/training.h"

namespace relatum::testing {
namespace {

using ::testing::IsEmpty;
using train::BatchOptions;
using train::StepRows;
using train::TrainRow;

const std::vector<BatchOptions> kCuts{{1, 1, true},    {40, 40, true},   {40, 17, false},
                                      {100, 30, true}, {100, 60, false}, {5000, 200, true}};

std::vector<std::vector<TrainRow>> row_sets() {
  return {random_rows(23), random_rows(23, random_tokens(20, 1)), random_rows(1), {}};
}

std::vector<int64_t> in_order(const std::vector<StepRows>& steps) {
  std::vector<int64_t> all;
  for (const StepRows& step : steps) {
    EXPECT_FALSE(step.empty());
    all.insert(all.end(), step.begin(), step.end());
  }
  return all;
}

// A piece keeps the budget, or is one row.
void expect_budget(const std::vector<TrainRow>& rows, const std::vector<StepRows>& pieces,
                   int64_t budget, bool share) {
  for (const StepRows& piece : pieces) {
    if (piece.size() > 1) {
      EXPECT_LE(train::build_batch(rows, piece, {.share = share}).batch.size(), budget);
    }
  }
}

TEST(PlanEpoch, EachRowOnceWithinTheBudget) {
  for (const auto& rows : row_sets()) {
    for (const BatchOptions& options : kCuts) {
      for (int64_t epoch = 0; epoch < 3; ++epoch) {
        const auto steps = train::plan_epoch(rows, options, 1, epoch);
        auto all = in_order(steps);
        std::sort(all.begin(), all.end());
        ASSERT_EQ(all.size(), rows.size());
        for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], int64_t(i));
        expect_budget(rows, steps, options.batch_tokens, options.share);
      }
    }
  }
}

TEST(PlanEpoch, DependsOnSeedAndEpochAlone) {
  const auto rows = random_rows(23);
  const auto order = [&](uint64_t seed, int64_t epoch, int64_t budget = 40) {
    return in_order(train::plan_epoch(rows, {budget, 10, true}, seed, epoch));
  };
  EXPECT_EQ(order(1, 0), order(1, 0));
  EXPECT_EQ(order(1, 0), order(1, 0, 1000));
  EXPECT_NE(order(1, 0), order(1, 1));
  EXPECT_NE(order(1, 0), order(2, 0));
}

// Wherever they stand in the data; and texts are never computed with other rows.
TEST(PlanEpoch, KeepsGroupsTogether) {
  auto rows = random_rows(24);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i % 3 != 1) rows[i].group = int64_t(i % 8);
    if (i < 8) rows[i].words = {0, 1};
  }
  const BatchOptions options{60, 1000, true};
  const auto steps = train::plan_epoch(rows, options, 1, 0);
  std::vector<int64_t> order = in_order(steps), sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i) EXPECT_EQ(sorted[i], int64_t(i));
  ASSERT_EQ(sorted.size(), rows.size());
  std::set<int64_t> ended;
  int64_t open = -1;
  for (const int64_t row : order) {
    const int64_t group = rows[size_t(row)].group;
    if (group == open && group >= 0) continue;
    EXPECT_TRUE(group < 0 || !ended.contains(group)) << group;
    ended.insert(open);
    open = group;
  }
  for (const StepRows& step : steps) {
    auto all = in_order(train::micro_batches(rows, step, options));
    for (const StepRows& piece : train::micro_batches(rows, step, options)) {
      for (const int64_t row : piece) {
        EXPECT_EQ(rows[size_t(row)].has_spans(), rows[size_t(piece[0])].has_spans());
      }
    }
    StepRows want = step;
    std::sort(all.begin(), all.end());
    std::sort(want.begin(), want.end());
    EXPECT_EQ(all, want);
  }
}

TEST(PlanEpoch, FillsTheBudget) {
  const auto rows = random_rows(23);
  const auto steps = train::plan_epoch(rows, {60, 60, true}, 1, 0);
  for (size_t s = 0; s + 1 < steps.size(); ++s) {
    int64_t tokens = int64_t(rows[size_t(steps[s + 1][0])].tokens.size());
    for (const int64_t row : steps[s]) tokens += int64_t(rows[size_t(row)].tokens.size());
    EXPECT_GT(tokens, 60);  // the next row would not have fitted
  }
}

TEST(PlanEpoch, SharedTokensCountOnce) {
  const auto rows = random_rows(23, random_tokens(30, 1));
  const auto shared = train::plan_epoch(rows, {100, 100, true}, 1, 0);
  const auto separate = train::plan_epoch(rows, {100, 100, false}, 1, 0);
  EXPECT_LT(shared.size(), separate.size());
}

TEST(MicroBatches, KeepTheStepsOrderAndTheirBudget) {
  for (const auto& rows : row_sets()) {
    for (const BatchOptions& options : kCuts) {
      for (const StepRows& step : train::plan_epoch(rows, options, 1, 0)) {
        const auto pieces = train::micro_batches(rows, step, options);
        EXPECT_EQ(in_order(pieces), step);
        expect_budget(rows, pieces, options.micro_tokens, options.share);
      }
    }
  }
}

// Every answer token of every chosen row is a target once, behind a token with its history.
void expect_targets(const std::vector<TrainRow>& rows, const StepRows& chosen, bool share) {
  const train::TrainBatch batch = train::build_batch(rows, chosen, {.share = share});
  ASSERT_EQ(batch.predicting.size(), batch.targets.size());
  std::multiset<std::pair<uint64_t, int32_t>> want, got;
  for (const int64_t r : chosen) {
    const TrainRow& row = rows[size_t(r)];
    uint64_t history = 0;
    for (size_t t = 0; t < row.tokens.size(); ++t) {
      if (int64_t(t) >= row.prompt_length) want.emplace(history, row.tokens[t]);
      history = nn::extend_hash(history, row.tokens[t]);
    }
  }
  for (size_t i = 0; i < batch.targets.size(); ++i) {
    got.emplace(batch.batch.keys()[size_t(batch.predicting[i])], batch.targets[i]);
  }
  EXPECT_EQ(got, want);
  const std::set<int64_t> places(batch.predicting.begin(), batch.predicting.end());
  EXPECT_EQ(places.size(), batch.predicting.size());  // a state may be asked for only once
}

TEST(BuildBatch, TargetsStandBehindTheirHistory) {
  for (const auto& rows : row_sets()) {
    StepRows all;
    for (size_t i = rows.size(); i-- > 0;) all.push_back(int64_t(i));
    for (const bool share : {false, true}) expect_targets(rows, all, share);
  }
}

TEST(BuildBatch, EqualRowsKeepStatesOfTheirOwn) {
  const auto trunk = random_tokens(30, 1);
  const std::vector<TrainRow> rows{{joined(trunk, {7, 8}), 30},
                                   {joined(trunk, {7, 8}), 30},
                                   {joined(trunk, {9}), 30},
                                   {trunk, 29}};
  for (const bool share : {false, true}) expect_targets(rows, {0, 1, 2, 3}, share);
}

TEST(BuildBatch, SharedBeginningsStandOnce) {
  const auto rows = random_rows(5, random_tokens(30, 1));
  int64_t own = 0;  // the last target is never fed
  for (const TrainRow& row : rows) own += int64_t(row.tokens.size()) - 30 - 1;
  EXPECT_EQ(train::build_batch(rows, {0, 1, 2, 3, 4}, {.share = true}).batch.size(), 30 + own);
  EXPECT_EQ(train::build_batch(rows, {0, 1, 2, 3, 4}, {.share = false}).batch.size(), 5 * 30 + own);
}

// Steps of an epoch that follow from the automatic size, for so many rows of so many tokens.
int64_t automatic_steps(int64_t count, int64_t length) {
  std::vector<TrainRow> rows(size_t(count), {random_tokens(length, 7), length - 1});
  for (size_t i = 0; i < rows.size(); ++i) rows[i].tokens[0] = int32_t(i % 97);
  const BatchOptions options{automatic_batch_tokens(rows, true), 2048, true};
  return int64_t(plan_epoch(rows, options, 1, 0).size());
}

TEST(AutomaticBatch, EpochsHaveDozensOfSteps) {
  EXPECT_EQ(automatic_steps(1, 40), 1);
  EXPECT_EQ(automatic_steps(40, 40), 40);  // single rows
  for (const int64_t count : {100, 420, 1000}) {
    EXPECT_GE(automatic_steps(count, 45), 96) << count;
    EXPECT_LE(automatic_steps(count, 45), 140) << count;
  }
  EXPECT_EQ(automatic_steps(3000, 32), (3000 + 15) / 16);  // 512 tokens
}

TEST(AutomaticBatch, WhatAllRowsShareIsAdded) {
  const auto trunk = random_tokens(100, 3);
  const auto rows = random_rows(2000, trunk), own = random_rows(2000);
  EXPECT_EQ(automatic_batch_tokens(rows, true), automatic_batch_tokens(own, true) + 100);
}

}  // namespace
}  // namespace relatum::testing
