// Rows of which an epoch has a part, and rows that weigh more than others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>

#include "support/error_of.h"
#include "support/temporary.h"
#include "support/training.h"

namespace relatum::testing {
namespace {

using train::BatchOptions;
using train::StepRows;
using train::Thinning;

std::vector<int64_t> rows_of(const std::vector<StepRows>& steps) {
  std::vector<int64_t> all;
  for (const StepRows& step : steps) all.insert(all.end(), step.begin(), step.end());
  std::sort(all.begin(), all.end());
  return all;
}

BatchOptions thinned() {
  BatchOptions options{40, 40, true};
  options.thinned = {{1, 4, 5, 8, 9, 12, 13, 16, 17, 20}, 4};
  return options;
}

TEST(Thinned, AnEpochHasAllOthersAndSoManyOfThem) {
  const auto rows = random_rows(23);
  const BatchOptions options = thinned();
  std::set<int64_t> seen;
  for (int64_t epoch = 0; epoch < 12; ++epoch) {
    const auto all = rows_of(train::plan_epoch(rows, options, 1, epoch));
    EXPECT_EQ(all, train::epoch_rows(23, options.thinned, 1, epoch));
    ASSERT_EQ(all.size(), 13u + 4u);
    EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
    for (const int64_t row : options.thinned.rows) {
      if (std::ranges::binary_search(all, row)) seen.insert(row);
    }
  }
  EXPECT_EQ(seen.size(),
            options.thinned.rows.size());  // 12 draws of 4 of 10: (6/10)^12 to miss one
}

TEST(Thinned, TheDrawIsAFunctionOfSeedAndEpoch) {
  const Thinning drawn = thinned().thinned;
  const auto at = [&](uint64_t seed, int64_t epoch) {
    return train::epoch_rows(23, drawn, seed, epoch);
  };
  EXPECT_EQ(at(1, 3), at(1, 3));
  EXPECT_NE(at(1, 3), at(1, 4));
  EXPECT_NE(at(1, 3), at(2, 3));
  // Known numbers: a later build has to draw the same, or a stopped run would go on with others.
  EXPECT_THAT(at(1, 0), ::testing::ElementsAreArray(std::vector<int64_t>{
                            0, 1, 2, 3, 4, 6, 7, 10, 11, 13, 14, 15, 16, 18, 19, 21, 22}));
}

TEST(Thinned, ToNothingAndToAll) {
  EXPECT_EQ(train::epoch_rows(5, {{0, 1, 2}, 0}, 1, 0), (std::vector<int64_t>{3, 4}));
  EXPECT_EQ(train::epoch_rows(5, {{0, 1, 2}, 3}, 1, 0), (std::vector<int64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(train::epoch_rows(2, {}, 1, 0), (std::vector<int64_t>{0, 1}));
}

TEST(Thinned, AnEpochWithoutRowsIsRefused) {
  const auto trainer = [](const std::vector<train::TrainRow>& rows, const Thinning& thinned) {
    train::TrainOptions options;
    options.batch.thinned = thinned;
    return error_of([&] { TinyRun(rows, options); });
  };
  EXPECT_EQ(trainer(random_rows(3), {{0, 1}, 0}), "");
  EXPECT_THAT(trainer(random_rows(3), {{0, 1, 2}, 0}), ::testing::HasSubstr("--negatives"));
  EXPECT_THAT(trainer({}, {}), ::testing::HasSubstr("Check --train"));
}

TEST(Thinned, StepsAreChosenForTheRowsOfAnEpoch) {
  const auto rows = random_rows(400);
  Thinning most;
  for (int64_t i = 0; i < 360; ++i) most.rows.push_back(i);
  const int64_t all = train::automatic_batch_tokens(rows, false);
  const int64_t few = train::automatic_batch_tokens(rows, false, most, 1);
  EXPECT_LT(few, all);
  BatchOptions options{few, few, false};
  options.thinned = most;
  EXPECT_GE(train::plan_epoch(rows, options, 1, 0).size(), 20u);  // of 40 rows, two each
}

class Weighted : public ::testing::Test {
 protected:
  static std::vector<train::TrainRow> rows(const std::vector<float>& weights) {
    auto all = random_rows(int64_t(weights.size()), random_tokens(20, 1));
    for (size_t i = 0; i < weights.size(); ++i) all[i].weight = weights[i];
    return all;
  }
  static train::TrainOptions cut(int64_t micro_tokens, bool share) {
    train::TrainOptions options;
    options.batch = {2048, micro_tokens, share};
    return options;
  }
};

// The loss is linear in the weights, and gradients of single rows are PEFT's (trainer_test).
TEST_F(Weighted, TheGradientIsTheWeightedSumOfTheRowsGradients) {
  const std::vector<float> weights{2, 0.25f, 1, 3, 0.7f, 1.5f};
  const auto all = rows(weights);
  for (const auto& options : {cut(2048, true), cut(2048, false), cut(60, true)}) {
    nn::LossSum loss;
    const auto got = TinyRun(all, options).gradients(&loss);
    std::vector<float> want(got.size());
    double sum = 0, weight = 0;
    for (size_t i = 0; i < all.size(); ++i) {
      train::TrainRow row = all[i];
      row.weight = 1;
      nn::LossSum one;
      const auto part = TinyRun({row}, options).gradients(&one);
      for (size_t k = 0; k < want.size(); ++k) want[k] += weights[i] * part[k];
      sum += double(weights[i]) * one.sum;
      weight += double(weights[i]) * double(one.count);
    }
    const engine::Session session(fixture("llama/tied"), plain_options());
    EXPECT_LT(distance(as_row(got), as_row(want)), gradient_bound(session.model()));
    EXPECT_NEAR(loss.sum, sum, sum * parity_bound(session.model()));
    EXPECT_DOUBLE_EQ(loss.weight, weight);
  }
}

TEST_F(Weighted, WeightsOfOneChangeNoBit) {
  const auto plain = random_rows(6, random_tokens(20, 1));
  EXPECT_EQ(TinyRun(rows({1, 1, 1, 1, 1, 1}), {}).gradients(), TinyRun(plain, {}).gradients());
}

// The mean is over the weights' sum, so a factor on all of them cancels.
TEST_F(Weighted, AFactorOnAllWeightsChangesNoStep) {
  const auto losses = [](const std::vector<float>& weights) {
    train::TrainOptions options = cut(2048, true);
    options.batch.batch_tokens = 60;
    TinyRun tiny(rows(weights), options);
    std::vector<double> all;
    train::TrainHooks hooks;
    hooks.on_step = [&](const train::StepReport& report) {
      all.push_back(report.loss);
      all.push_back(report.grad_norm);  // AdamW itself hardly sees a factor
    };
    tiny.trainer.run(hooks, {});
    return std::pair(all, tiny.values());
  };
  const auto once = losses({1, 0.5f, 2, 1, 4, 1}), twice = losses({2, 1, 4, 2, 8, 2});
  EXPECT_EQ(once, twice);  // powers of two are exact
  EXPECT_NE(once, losses({1, 1, 1, 1, 1, 1}));
}

TEST(ThinnedRun, GoesOnBitForBit) {
  const TemporaryFolder folder;
  train::TrainOptions options;
  options.epochs = 4;
  options.batch = thinned();
  options.save_every = 1;
  const auto rows = random_rows(23);
  const train::AdapterConfig config{.rank = 3, .dropout = 0.2};
  TinyRun whole(rows, options, config);
  const auto result = whole.trainer.run({}, {});
  for (const int64_t stop : {int64_t{1}, result.steps / 2, result.steps - 1}) {
    std::atomic<bool> flag{false};
    Context context;
    context.stop = &flag;
    train::TrainHooks hooks;
    hooks.state = folder / "state.safetensors";
    hooks.on_step = [&](const train::StepReport& report) { flag = report.step == stop; };
    EXPECT_FALSE(TinyRun(rows, options, config).trainer.run(hooks, context).finished);
    TinyRun rest(rows, options, config);
    rest.trainer.resume(hooks.state);
    EXPECT_TRUE(rest.trainer.run({}, {}).finished);
    EXPECT_EQ(rest.values(), whole.values()) << stop;
  }
}

}  // namespace
}  // namespace relatum::testing
