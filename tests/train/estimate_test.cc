// Estimates: tokens as they will be computed, memory and disk in step with the sizes.
#include "train/estimate.h"

#include <gtest/gtest.h>

#include "support/t5.h"
#include "support/training.h"

namespace relatum::testing {
namespace {

class EstimateTest : public ::testing::Test {
 protected:
  train::Estimate of(const std::vector<train::TrainRow>& rows, const train::BatchOptions& batch,
                     int64_t epochs = 2, bool checkpoint = false) {
    return train::estimate(*model_, adapter_, DType::kF32, rows, {batch, epochs, checkpoint});
  }
  std::unique_ptr<arch::Model> model_ = load(fixture("llama/tied"));
  train::Adapter adapter_{*model_, DType::kF32, {.rank = 4}, 1};
};

TEST_F(EstimateTest, CountsTheTokensThatAreComputed) {
  const auto rows = random_rows(9, random_tokens(20, 1));
  int64_t fed = 0;
  for (const auto& row : rows) fed += int64_t(row.tokens.size()) - 1;
  EXPECT_EQ(of(rows, {4096, 4096, false}).tokens, 2 * fed);
  EXPECT_EQ(of(rows, {4096, 4096, true}).tokens, 2 * (fed - 8 * 20));
  EXPECT_EQ(of(rows, {4096, 4096, true}, 1).tokens, fed - 8 * 20);
}

TEST_F(EstimateTest, SavingMemorySaves) {
  const auto rows = random_rows(400);
  const train::BatchOptions wide{2048, 2048, true}, narrow{2048, 256, true};
  EXPECT_LT(of(rows, narrow).memory_bytes, of(rows, wide).memory_bytes);
  EXPECT_GE(of(rows, wide).disk_bytes, int64_t(adapter_.values().size()) * 4 * 4);
  EXPECT_GT(of(rows, wide).flops, 0);
  EXPECT_EQ(of(rows, wide).moved_bytes, 0) << "an adapter is small";
}

TEST_F(EstimateTest, ABudgetIsKeptAtTheLeastCost) {
  const auto rows = random_rows(400);
  const train::EstimateOptions wanted{{2048, 2048, true}, 2, false};
  const auto fit = [&](int64_t budget) {
    return train::fit_memory(*model_, adapter_, DType::kF32, rows, wanted, budget);
  };
  const auto bytes = [&](const train::EstimateOptions& options) {
    return train::estimate(*model_, adapter_, DType::kF32, rows, options).memory_bytes;
  };
  const int64_t whole = bytes(wanted);
  EXPECT_FALSE(fit(whole)->checkpoint);
  EXPECT_EQ(fit(whole)->batch.micro_tokens, 2048);
  const auto again = fit(whole - 1);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->checkpoint);
  EXPECT_EQ(again->batch.micro_tokens, 1024);  // of two layers, checkpoints alone save nothing
  const auto small = fit(bytes(*again) - 1);
  ASSERT_TRUE(small);
  EXPECT_EQ(small->batch.micro_tokens, 512);
  EXPECT_LT(bytes(*small), bytes(*again));
  EXPECT_EQ(small->batch.batch_tokens, 2048);
  EXPECT_FALSE(fit(1));
}

TEST_F(EstimateTest, WhatIsHeldNowIsPartOfTheWhole) {
  const auto rows = random_rows(9);
  const auto bytes = [&](train::EstimateOptions options) {
    options.batch = {2048, 2048, true};
    return train::estimate(*model_, adapter_, DType::kF32, rows, options).memory_bytes;
  };
  const int64_t a = bytes({.held_bytes = 1 << 30}), b = bytes({.held_bytes = 1 << 29});
  EXPECT_EQ(a - b, 1 << 29);
  EXPECT_EQ(bytes({.held_bytes = 1 << 29, .peak_bytes = int64_t{5} << 30}), int64_t{5} << 30);
  EXPECT_GT(bytes({.evaluation_tokens = 1 << 14, .held_bytes = 1 << 29}), b);
}

// A frozen base is there whether its weights are kept decoded or not.
TEST(Estimate, CountsABaseThatIsDecodedForEachUse) {
  const auto bytes = [](bool resident) {
    const auto model = load(fixture("llama/tied"), {.resident = resident});
    const train::Adapter adapter(*model, DType::kF32, {.rank = 4}, 1);
    return train::estimate(*model, adapter, DType::kF32, random_rows(9), {}).memory_bytes;
  };
  const auto model = load(fixture("llama/tied"), {.resident = false});
  int64_t stored = 0;
  for (const nn::Linear* linear : model->linears()) {
    for (const auto& part : linear->parts()) stored += int64_t(part.weight.data.size());
  }
  const train::Adapter adapter(*model, DType::kF32, {.rank = 4}, 1);
  EXPECT_GT(bytes(false), stored);
  EXPECT_GT(bytes(true), bytes(false));
}

// A head of its own is one more table beside the words', which is counted where there is one: T5's
// biases by distance are none.
TEST(Estimate, CountsATiedEmbeddingOnce) {
  const auto bytes = [](const char* option, int64_t& head) {
    const T5Folder folder(t5_options().at(option));
    const auto model = folder.load();
    head = int64_t(model->head()->parts()[0].weight.data.size());
    EXPECT_EQ(model->info().own_head, option == std::string("untied"));
    const train::Adapter adapter(*model, DType::kF32, {.rank = 4}, 1);
    return train::estimate(*model, adapter, DType::kF32, random_rows(9), {}).memory_bytes;
  };
  int64_t head = 0;
  const int64_t tied = bytes("first", head);
  EXPECT_EQ(bytes("untied", head) - tied, head);
}

TEST(MeasureMemoryRate, IsARate) {
  EXPECT_GT(train::measure_memory_rate(1), 0);
  EXPECT_GT(train::measure_memory_rate(int64_t{1} << 40), 0);
}

TEST(MeasureGemmRate, IsARate) {
  EXPECT_GT(train::measure_gemm_rate(DType::kF32), 0);
  EXPECT_GT(train::measure_gemm_rate(DType::kI8), 0);
}

}  // namespace
}  // namespace relatum::testing
