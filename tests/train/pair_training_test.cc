// A classifier of pairs beside that of spans: its loss, its gradient, its batches and its file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "engine/classify_pairs.h"
#include "support/error_of.h"
#include "support/spans.h"
#include "support/temporary.h"
#include "support/tolerance.h"
#include "train/batcher.h"
#include "train/pair_numbers.h"
#include "train/pass_memory.h"

namespace relatum::testing {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kLabels = 3, kTypes = 3, kHidden = 6;

train::SpanForm form_with_pairs() {
  train::SpanForm form{.dropout = 0, .own_dropout = 0};
  form.pairs.labels = kLabels;
  form.pairs.types = kTypes;
  form.pairs.hidden = kHidden;
  form.pairs.width = engine::Session(span_model("bert"), plain_options()).model().info().width;
  form.pairs.shares = {0.5, 0.3, 0.2};
  return form;
}

// Texts of 4, 2 and 5 words; the second has no pair.
class PairTraining : public ::testing::Test {
 protected:
  explicit PairTraining(const train::TrainOptions& options = {})
      : run("bert", options, form_with_pairs()) {
    train::begin_pair_numbers(numbers(), run.form.pairs, Rng(3, 4));
    run.trained->sync();
    run.rows[0].pairs = {{{{0, 0}, {3, 3}, 1, 2}, 1, 1}, {{{2, 3}, {0, 1}, 0, 0}, 2, 0.5f}};
    run.rows[2].pairs = {{{{0, 1}, {1, 4}, 2, 2}, 0, 2}};
  }
  std::span<float> numbers() { return run.trained->values().last(size_t(run.form.pairs.size())); }
  std::vector<std::vector<double>> classes(const nn::PairHead& head, int64_t batch_tokens = 4096) {
    std::vector<engine::PairText> texts;
    for (const train::TrainRow& row : run.rows) {
      if (row.pairs.empty()) continue;
      texts.push_back({row.tokens, row.words, {}});
      for (const train::ClassedPair& pair : row.pairs) texts.back().pairs.push_back(pair.place);
    }
    std::vector<std::vector<double>> all;
    nn::LoraSet set = *run.worker.adapter();
    set.pairs = &head;
    engine::Worker worker(run.worker.session(), &set);
    engine::classify_pairs(worker, texts, batch_tokens,
                           [&](auto&& batch) { all.insert(all.end(), batch.begin(), batch.end()); },
                           {});
    return all;
  }
  SpanRun run;
};

TEST_F(PairTraining, TheMeansOverWordsAndOverPairsCountAlike) {
  nn::LossSum both, alone;
  run.gradients(&both);
  const auto probabilities = classes(*run.trained->spans()->pairs);
  double sum = 0, weight = 0;
  size_t at = 0;
  for (train::TrainRow& row : run.rows) {
    for (const train::ClassedPair& pair : row.pairs) {
      sum -= double(pair.weight) * probabilities.at(at++)[size_t(pair.label)];
      weight += double(pair.weight);
    }
    row.pairs.clear();
  }
  EXPECT_EQ(at, probabilities.size());
  run.gradients(&alone);
  EXPECT_EQ(both.count, alone.count + 3);
  const double want = (alone.sum / alone.weight + sum / weight) / 2;
  EXPECT_NEAR(both.sum / both.weight, want, want * parity_bound(run.session.model()));
}

// Along the gradient itself; the step is where rounding and curvature are about equal.
TEST_F(PairTraining, TheGradientIsThatOfTheLoss) {
  nn::LossSum loss;
  const std::vector<float> gradient = run.gradients(&loss);
  const std::span<float> values = run.trained->values();
  const std::vector<float> before(values.begin(), values.end());
  const size_t own = size_t(run.form.pairs.size()), spans = size_t(run.form.own_size());
  const size_t sizes[] = {values.size() - own - spans, spans, own};
  const double step = std::cbrt(unit_roundoff(DType::kF32));
  size_t begin = 0;
  for (const size_t size : sizes) {
    double norm = 0;
    for (size_t i = begin; i < begin + size; ++i) norm += std::pow(double(gradient[i]), 2);
    norm = std::sqrt(norm);
    const auto loss_at = [&](double along) {
      for (size_t i = 0; i < size; ++i) {
        const double move = along * double(gradient[begin + i]) / norm;
        values[begin + i] = float(double(before[begin + i]) + move);
      }
      run.trained->sync();
      nn::LossSum there;
      run.gradients(&there);
      return there.sum;
    };
    const double slope = (loss_at(step) - loss_at(-step)) / (2 * step);
    loss_at(0);
    EXPECT_GT(norm, 0.1);
    EXPECT_NEAR(slope, norm, norm * 4 * step) << "from " << begin;
    begin += size;
  }
}

TEST_F(PairTraining, ThePassTakesTheMemoryThatItIsSaidToTake) {
  // So many pairs that they are most of it.
  for (const size_t i : {size_t{0}, size_t{2}}) {
    const auto few = run.rows[i].pairs;
    for (int k = 0; k < 3000; ++k) {
      run.rows[i].pairs.insert(run.rows[i].pairs.end(), few.begin(), few.end());
    }
  }
  const train::TrainBatch batch = train::build_batch(run.rows, {0, 1, 2},
                                                     {.causal = false, .widest = run.form.widest});
  const auto& model = run.worker.session().model();
  const auto words = int64_t(batch.predicting.size()), pairs = int64_t(batch.pairs.size());
  train::PassSize size = train::size_of_pass(model.info(), batch.batch, words);
  size.spans = int64_t(batch.spans.size());
  const DType compute = run.worker.session().compute();
  const nn::PairHead& head = *run.trained->spans()->pairs;
  const int64_t of_pairs = train::pair_arena(head, compute, {words, pairs, true});
  const int64_t told = of_pairs +
                       train::training_arena(model, run.trained->adapter(), compute, false, size);
  run.trainer->accumulate(batch, 0);
  const auto took = int64_t(run.worker.arena().peak());
  EXPECT_GT(2 * of_pairs, told);
  EXPECT_LE(took, told + 64 * 1024);
  EXPECT_GE(double(took) * 1.3, double(told)) << "more than is needed";
}

TEST_F(PairTraining, MicroBatchesAddUp) {
  const auto whole = run.gradients();
  train::TrainOptions options;
  options.batch.micro_tokens = 1;
  train::Trainer cut(run.worker, *run.trained, run.rows, options);
  run.trained->zero_grads();
  int64_t tokens = 0;
  cut.accumulate({0, 1, 2}, 0, tokens);
  const std::vector<float> pieces(run.trained->grads().begin(), run.trained->grads().end());
  EXPECT_LT(distance(as_row(pieces), as_row(whole)), gradient_bound(run.session));
}

TEST_F(PairTraining, PlacesMoveWithTheWordsOfTheirText) {
  const auto batch = train::build_batch(run.rows, {2, 1, 0}, {.causal = false, .widest = 3});
  ASSERT_EQ(batch.pairs.size(), 3u);
  EXPECT_EQ(batch.pair_labels, (std::vector<int32_t>{0, 1, 2}));
  EXPECT_EQ(batch.pair_weights, (std::vector<float>{2, 1, 0.5f}));
  EXPECT_EQ(batch.pairs[0].tail.last, 4);
  EXPECT_EQ(batch.pairs[1].head.first, 7) << "behind five words and two";
  EXPECT_EQ(batch.pairs[1].tail.last, 10);
  EXPECT_EQ(batch.pairs[2].head.first, 9);
  EXPECT_EQ(batch.pairs[2].tail.last, 8);
  EXPECT_EQ(batch.pairs[1].head_type, 1);
  EXPECT_EQ(batch.pairs[1].tail_type, 2);
}

TEST_F(PairTraining, BeginsWithTheSharesAndNothingOfUnknownTypes) {
  const auto bias = numbers().last(kLabels);
  for (size_t i = 0; i < bias.size(); ++i) {
    EXPECT_FLOAT_EQ(bias[i], std::log(float(run.form.pairs.shares[i])));
  }
  const auto table = numbers().subspan(size_t(5 * kHidden * run.form.pairs.width));
  const int64_t rows = nn::PairHead::table_rows(kTypes);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < kHidden; ++c) {
      EXPECT_EQ(table[size_t(r * kHidden + c)] == 0, r == 0 || r == kTypes) << r << " " << c;
    }
  }
}

TEST_F(PairTraining, TextsOfABatchAreAsEachAlone) {
  const auto whole = classes(*run.trained->spans()->pairs);
  const auto alone = classes(*run.trained->spans()->pairs, 1);
  ASSERT_EQ(whole.size(), 3u);
  ASSERT_EQ(alone.size(), whole.size());
  for (size_t i = 0; i < whole.size(); ++i) {
    double all = 0;
    for (size_t k = 0; k < whole[i].size(); ++k) {
      all += std::exp(whole[i][k]);
      EXPECT_NEAR(whole[i][k], alone[i][k],
                  std::abs(whole[i][k]) * parity_bound(run.session.model()));
    }
    EXPECT_NEAR(all, 1, 1e-12);
  }
}

TEST_F(PairTraining, TheFileHoldsTheHeadAgainAndIsRefusedByName) {
  const TemporaryFolder folder;
  run.trained->save(folder.path(), span_model("bert").string());
  train::PairForm form = run.form.pairs;
  const auto load = [&] { return train::load_pair_head(folder.path(), form, DType::kF32); };
  const auto want = classes(*run.trained->spans()->pairs), got = classes(load().head);
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    for (size_t k = 0; k < want[i].size(); ++k) {
      EXPECT_NEAR(got[i][k], want[i][k], std::abs(want[i][k]) * parity_bound(run.session.model()));
    }
  }
  form.labels = 4;
  EXPECT_THAT(error_of(load), HasSubstr("for 4 labels, 3 types"));
  form = run.form.pairs;
  form.types = 2;
  EXPECT_THAT(error_of(load), HasSubstr("'table.weight'"));
  form = run.form.pairs;
  numbers()[0] = std::numeric_limits<float>::quiet_NaN();
  train::save_pair_numbers(folder.path(), numbers(), form);
  EXPECT_THAT(error_of(load), HasSubstr("pairs.safetensors: 'project.weight' holds numbers"));
  std::filesystem::remove(train::pair_file(folder.path()));
  EXPECT_THAT(error_of(load), HasSubstr("pairs.safetensors"));
}

}  // namespace
}  // namespace relatum::testing
