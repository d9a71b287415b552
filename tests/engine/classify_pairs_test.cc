// Pairs of texts: batches are cut by their tokens, stop in between, and refuse what is no number.
#include "engine/classify_pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <limits>

#include "support/damaged.h"
#include "support/error_of.h"
#include "support/sessions.h"
#include "support/temporary.h"
#include "train/pair_numbers.h"

namespace relatum::testing {
namespace {

using ::testing::HasSubstr;

class ClassifyPairs : public ::testing::Test {
 protected:
  ClassifyPairs() {
    form.labels = 3;
    form.types = 2;
    form.hidden = 6;
    form.width = session.model().info().width;
    form.shares = {0.5, 0.3, 0.2};
    numbers.resize(size_t(form.size()));
    train::begin_pair_numbers(numbers, form, Rng(1, 2));
    for (const int64_t pairs : {1, 3, 2}) {
      texts.push_back({{2, 10, 11, int32_t(20 + pairs), 12, 3}, {1, 2, 3, 4}, {}});
      for (int64_t i = 0; i < pairs; ++i) {
        texts.back().pairs.push_back({{int32_t(i), int32_t(i)}, {3, 3}, 0, int32_t(i % 2)});
      }
    }
  }
  // How many pairs each batch had.
  std::vector<size_t> batches(int64_t batch_tokens, size_t stop_after = 99) {
    return batches(session, batch_tokens, stop_after);
  }
  std::vector<size_t> batches(const engine::Session& of, int64_t batch_tokens, size_t stop_after) {
    const nn::PairHead head = train::pair_head_of(numbers, form, of.compute());
    nn::LoraSet set;
    set.pairs = &head;
    engine::Worker worker(of, &set);
    std::atomic<bool> stop = false;
    Context context;
    context.stop = &stop;
    std::vector<size_t> counts;
    engine::classify_pairs(
        worker, texts, batch_tokens,
        [&](auto&& batch) {
      counts.push_back(batch.size());
      stop = counts.size() >= stop_after;
        },
        context);
    return counts;
  }
  const engine::Session session{fixture("bert"), plain_options()};
  train::PairForm form;
  std::vector<float> numbers;
  std::vector<engine::PairText> texts;
};

TEST_F(ClassifyPairs, BatchesAreCutByTokensAndStopBetween) {
  EXPECT_EQ(batches(18), (std::vector<size_t>{6}));
  EXPECT_EQ(batches(17), (std::vector<size_t>{4, 2}));
  EXPECT_EQ(batches(12), (std::vector<size_t>{4, 2}));
  EXPECT_EQ(batches(1), (std::vector<size_t>{1, 3, 2})) << "a longer text stands alone";
  EXPECT_EQ(batches(1, 2), (std::vector<size_t>{1, 3}));
  texts.clear();
  EXPECT_TRUE(batches(18).empty());
}

TEST_F(ClassifyPairs, WhatIsNoNumberIsRefused) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const std::string tensor = "encoder.layer.1.intermediate.dense.weight";
  const TemporaryFolder folder;
  const engine::Session broken(damaged(fixture("bert"), folder / "model", tensor, kNan),
                               plain_options());
  EXPECT_THAT(error_of([&] { batches(broken, 18, 99); }), HasSubstr("'" + tensor + "'"));
  numbers.back() = kNan;
  EXPECT_NE(error_of([&] { batches(18); }), "");
}

}  // namespace
}  // namespace relatum::testing
