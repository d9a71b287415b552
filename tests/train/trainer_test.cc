// Holds training to PEFT's gradients and AdamW losses, and to itself in other cuts.
#include "train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "io/json.h"
#include "support/shows.h"
#include "support/training.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using train::TrainOptions;

const std::string kPlace = "llama/lora/expected.json";

std::vector<double> doubles(const nlohmann::json& list) { return list.get<std::vector<double>>(); }

TEST(TrainerParity, GradientsAreThoseOfPeft) {
  shows("SmolLM2", {"gradients"});
  TinyRun tiny(peft_rows(), {});
  nn::LossSum loss;
  tiny.gradients(&loss);
  const double want = io::require_double(io::load_json(fixture(kPlace)), "loss", kPlace);
  EXPECT_EQ(loss.count, 9);
  EXPECT_NEAR(loss.sum / 9, want, want * parity_bound(tiny.session.model()));
  const auto expected = io::Safetensors::open(fixture("llama/lora/expected.safetensors"));
  for (const train::AdapterModule& module : tiny.adapter->modules()) {
    const std::string name = "grad.base_model.model." + module.name;
    Matrix<float> a = read_matrix(expected, name + ".lora_A.weight");
    const Matrix<float> stored = read_matrix(expected, name + ".lora_B.weight");
    Matrix<float> b(stored.cols(), stored.rows());
    for (int64_t i = 0; i < a.view().size(); ++i) a.row(0)[i] *= 9;  // of the sum, not the mean
    for (int64_t i = 0; i < b.view().size(); ++i) {
      b.row(i % b.rows())[i / b.rows()] = 9 * stored.row(0)[i];
    }
    const float* grads = tiny.adapter->grads().data();
    const MatView<const float> got_a(grads + module.a_offset, module.rank, module.in);
    const MatView<const float> got_b(grads + module.b_offset, module.rank, module.out);
    EXPECT_LT(distance(got_a, a.view()), gradient_bound(tiny.session.model())) << module.name;
    EXPECT_LT(distance(got_b, b.view()), gradient_bound(tiny.session.model())) << module.name;
  }
}

// To first order, a step's error moves the loss by sum |g_i||d_i|: AdamW moves each of N numbers
// by about the rate, its relative error is that of its gradient, so |g_i||d_i| <= rate * |error of
// g_i|, and the sum is at most rate * sqrt(N) * (relative bound) * norm of the gradient.
class TrainerSeries : public ::testing::TestWithParam<std::string> {};

TEST_P(TrainerSeries, TenAdamWLossesAreThoseOfTorch) {
  const auto facts = io::load_json(fixture(kPlace));
  const auto& series = facts.at("series").at(GetParam());
  const auto losses = doubles(series.at("losses")), norms = doubles(series.at("gradient_norms"));
  TrainOptions options;
  options.epochs = 10;
  options.learning_rate = facts.at("optimiser").at("lr").get<double>();
  options.schedule = train::Shape::kConstant;
  options.warmup = 0;
  options.weight_decay = series.at("weight_decay").get<double>();
  options.clip = series.at("clip").is_null() ? 0 : series.at("clip").get<double>();
  TinyRun tiny(peft_rows(), options);
  const double step_bound = options.learning_rate * gradient_bound(tiny.session.model()) *
                            std::sqrt(double(tiny.adapter->values().size()));
  double slack = losses[0] * parity_bound(tiny.session.model());
  size_t steps = 0;
  train::TrainHooks hooks;
  hooks.on_step = [&](const train::StepReport& report) {
    EXPECT_NEAR(report.loss, losses[steps], slack) << steps;
    if (steps == 0) {
      EXPECT_NEAR(report.grad_norm, norms[0], norms[0] * gradient_bound(tiny.session.model()));
    }
    EXPECT_EQ(report.learning_rate, options.learning_rate);
    slack += step_bound * norms[steps++];
  };
  const train::TrainResult result = tiny.trainer.run(hooks, {});
  EXPECT_EQ(steps, 10u);
  EXPECT_TRUE(result.finished);
  nn::LossSum last;
  tiny.gradients(&last);
  EXPECT_NEAR(last.sum / 9, series.at("final_loss").get<double>(), slack);
}

INSTANTIATE_TEST_SUITE_P(Kinds, TrainerSeries, ::testing::Values("plain", "decay"),
                         [](const auto& test) { return test.param; });

class TrainerCuts : public ::testing::Test {
 protected:
  static std::vector<float> gradients(const std::vector<train::TrainRow>& rows,
                                      const TrainOptions& options, nn::LossSum& loss) {
    return TinyRun(rows, options).gradients(&loss);
  }
  // Any way of cutting and sharing gives the same loss and gradients.
  static void expect_same(const std::vector<train::TrainRow>& rows, const TrainOptions& a,
                          const TrainOptions& b) {
    nn::LossSum loss_a, loss_b;
    const auto want = gradients(rows, a, loss_a), got = gradients(rows, b, loss_b);
    const engine::Session session(fixture("llama/tied"), plain_options());
    EXPECT_LT(distance(as_row(got), as_row(want)), gradient_bound(session.model()));
    EXPECT_EQ(loss_a.count, loss_b.count);
    EXPECT_NEAR(loss_a.sum, loss_b.sum, loss_a.sum * parity_bound(session.model()));
  }
  static TrainOptions cut(int64_t micro_tokens, bool share, bool checkpoint = false) {
    TrainOptions options;
    options.batch = {2048, micro_tokens, share};
    options.checkpoint = checkpoint;
    return options;
  }
};

TEST_F(TrainerCuts, OneTimesEightIsEightTimesOne) {
  expect_same(random_rows(8), cut(2048, false), cut(1, false));
  expect_same(random_rows(8), cut(2048, false), cut(25, false));
}

TEST_F(TrainerCuts, SharingChangesNothing) {
  const auto rows = random_rows(8, random_tokens(25, 1));
  expect_same(rows, cut(2048, false), cut(2048, true));
  expect_same(rows, cut(2048, false), cut(60, true));
}

TEST_F(TrainerCuts, CheckpointsChangeNoBit) {
  const auto rows = random_rows(8, random_tokens(25, 1));
  nn::LossSum loss;
  EXPECT_EQ(gradients(rows, cut(2048, true, true), loss), gradients(rows, cut(2048, true), loss));
}

TEST_F(TrainerCuts, CountsAnswerTokensAlone) {
  const auto rows = random_rows(8);
  int64_t answers = 0;
  for (const auto& row : rows) answers += int64_t(row.tokens.size()) - row.prompt_length;
  nn::LossSum loss;
  gradients(rows, cut(25, true), loss);
  EXPECT_EQ(loss.count, answers);
}

// An adapter that does something, so that its dropout shows.
void fill(train::Adapter& adapter) {
  const Rng rng(1, 1);
  for (size_t i = 0; i < adapter.values().size(); ++i) {
    adapter.values()[i] = float(0.2 * rng.normal(i));
  }
  adapter.sync();
}

TEST(Trainer, DropoutIsNewInEachStepAndTheSameAgain) {
  TinyRun tiny(random_rows(6), {}, {.rank = 4, .dropout = 0.3});
  fill(*tiny.adapter);
  const auto at = [&](int64_t step) {
    int64_t tokens = 0;
    tiny.adapter->zero_grads();
    return tiny.trainer.accumulate(tiny.all(), step, tokens).sum;
  };
  EXPECT_EQ(at(0), at(0));
  EXPECT_NE(at(0), at(1));
}

// Equal rows in one epoch: each step draws masks of its own, the rows of a step share theirs.
TEST(Trainer, EqualRowsMeetOtherMasksInEachStepOfAnEpoch) {
  const std::vector<train::TrainRow> rows(6, random_rows(1)[0]);
  const int64_t length = int64_t(rows[0].tokens.size());
  TrainOptions options;
  options.epochs = 1;
  options.learning_rate = 0;  // the adapter stays what it is
  options.batch = {2 * length, 2 * length, false};
  for (const double dropout : {0.3, 0.0}) {
    TinyRun tiny(rows, options, {.rank = 4, .dropout = dropout});
    fill(*tiny.adapter);
    std::set<double> losses;
    train::TrainHooks hooks;
    hooks.on_step = [&](const train::StepReport& report) { losses.insert(report.loss); };
    tiny.trainer.run(hooks, {});
    ASSERT_GE(tiny.trainer.steps(), 2);
    EXPECT_EQ(int64_t(losses.size()), dropout > 0 ? tiny.trainer.steps() : 1) << dropout;
  }
}

// Masks are those of the step, whatever is shared and however it is cut.
TEST(Trainer, SharingAndCuttingAreExactUnderDropout) {
  const auto rows = random_rows(8, random_tokens(20, 77));
  const auto gradients = [&](int64_t micro_tokens, bool share) {
    TrainOptions options;
    options.batch = {2048, micro_tokens, share};
    TinyRun tiny(rows, options, {.rank = 4, .dropout = 0.3});
    fill(*tiny.adapter);
    tiny.adapter->zero_grads();
    int64_t tokens = 0;
    tiny.trainer.accumulate(tiny.all(), 3, tokens);
    return std::vector<float>(tiny.adapter->grads().begin(), tiny.adapter->grads().end());
  };
  const engine::Session session(fixture("llama/tied"), plain_options());
  const auto want = gradients(2048, false);
  for (const auto& got : {gradients(2048, true), gradients(40, true), gradients(1, false)}) {
    EXPECT_LT(distance(as_row(got), as_row(want)), gradient_bound(session.model()));
  }
}

TEST(Trainer, ReportsEachStep) {
  TrainOptions options;
  options.epochs = 2;
  options.batch = {40, 40, true};
  options.warmup = 0.2;
  TinyRun tiny(random_rows(9), options, {.rank = 4});
  const train::Schedule schedule{options.learning_rate, options.schedule, options.warmup,
                                 tiny.trainer.steps()};
  int64_t step = 0, tokens = 0;
  train::TrainHooks hooks;
  hooks.on_step = [&](const train::StepReport& report) {
    EXPECT_EQ(report.learning_rate, schedule.rate(step));
    EXPECT_EQ(report.step, ++step);
    EXPECT_EQ(report.steps, tiny.trainer.steps());
    EXPECT_EQ(report.epoch, 2 * (step - 1) / tiny.trainer.steps());
    EXPECT_GT(report.grad_norm, 0);
    tokens += report.tokens;
  };
  const train::TrainResult result = tiny.trainer.run(hooks, {});
  EXPECT_EQ(step, tiny.trainer.steps());
  EXPECT_EQ(result.tokens, tokens);
  EXPECT_EQ(result.examples, 18);
}

TEST(Trainer, RefusesRowsThatCannotBeTrainedOn) {
  EXPECT_THAT([] { TinyRun({}, {}, train::AdapterConfig{}); },
              ThrowsMessage<Error>(HasSubstr("no row to train on")));
  EXPECT_THAT(
      [] {
    TinyRun({{random_tokens(257, 1), 250}}, {}, train::AdapterConfig{});
      },
      ThrowsMessage<Error>(AllOf(HasSubstr("257 tokens"), HasSubstr("context of 256"))));
  EXPECT_NO_THROW(TinyRun({{random_tokens(256, 1), 250}}, {}, train::AdapterConfig{}));
}

TEST(Trainer, StopsWhereGradientsAreNoNumbers) {
  TinyRun tiny(random_rows(4), {}, {.rank = 4});
  tiny.adapter->values()[0] = std::numeric_limits<float>::infinity();
  EXPECT_THAT([&] { tiny.trainer.run({}, {}); },
              ThrowsMessage<Error>(AllOf(HasSubstr("the loss of step 1 is not finite"),
                                         HasSubstr("layers.0.self_attn.q_proj"))));
}

}  // namespace
}  // namespace relatum::testing
