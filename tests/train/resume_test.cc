// A run that is stopped anywhere and resumed ends with the same adapter, bit for bit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/atomic_file.h"
#include "base/error.h"
#include "support/temporary.h"
#include "support/training.h"
#include "train/state.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using train::AdapterConfig;
using train::TrainOptions;
using train::TrainResult;

// Where a run is stopped: behind a step, or while that step is evaluated.
struct Stop {
  int64_t step = -1;
  bool evaluating = false;
};

class Resume : public ::testing::Test {
 protected:
  static constexpr int64_t kSteps = 12;

  static TrainOptions options() {
    TrainOptions result;
    result.epochs = 3;
    result.batch = {28, 20, true};
    result.learning_rate = 0.01;
    result.eval_every = 2;
    result.save_every = 3;
    return result;
  }
  static AdapterConfig config() { return {.rank = 3, .dropout = 0.2}; }
  static std::unique_ptr<TinyRun> make(const TrainOptions& o = options(),
                                       const AdapterConfig& c = config()) {
    return std::make_unique<TinyRun>(random_rows(9), o, c);
  }

  // Runs until `stop` (or the end), going on from the state file where asked to.
  TrainResult go(TinyRun& tiny, const Stop& stop, bool resume) {
    std::atomic<bool> flag{stop.step == 0};
    Context context;
    context.stop = &flag;
    train::TrainHooks hooks;
    hooks.state = state_;
    hooks.on_step = [&](const train::StepReport& report) {
      flag = !stop.evaluating && report.step == stop.step;
    };
    hooks.evaluate = [&](int64_t step) {
      if (stop.evaluating && step == stop.step) {
        flag = true;
        return 1e9;  // of a part of the data: must not count
      }
      evaluated_.push_back(step);
      seen_[step] = tiny.values();
      return metrics_.at(size_t(step / 2 - 1));
    };
    if (resume) tiny.trainer.resume(state_);
    return tiny.trainer.run(hooks, context);
  }
  TrainResult whole() {
    const auto tiny = make(options_, config_);
    const TrainResult result = go(*tiny, {}, false);
    values_ = tiny->values();
    std::filesystem::remove(state_);
    return result;
  }
  void expect_as_whole(const TrainResult& want, const Stop& stop) {
    SCOPED_TRACE(std::to_string(stop.step) + (stop.evaluating ? " evaluating" : ""));
    const TrainResult part = go(*make(options_, config_), stop, false);
    EXPECT_FALSE(part.finished);
    EXPECT_EQ(part.steps, stop.step);
    const auto tiny = make(options_, config_);
    const TrainResult rest = go(*tiny, {}, true);
    EXPECT_TRUE(rest.finished);
    EXPECT_EQ(tiny->values(), values_);
    EXPECT_EQ(rest.steps, want.steps);
    EXPECT_EQ(rest.early, want.early);
    EXPECT_EQ(rest.best_metric, want.best_metric);
    EXPECT_EQ(rest.best_step, want.best_step);
    EXPECT_EQ(rest.last_loss, want.last_loss);
  }

  TemporaryFolder folder_;
  std::filesystem::path state_ = folder_ / "state.safetensors";
  TrainOptions options_ = options();
  AdapterConfig config_ = config();
  std::vector<double> metrics_{0.1, 0.4, 0.3, 0.4, 0.2, 0.35, 0.1, 0.2};
  std::vector<int64_t> evaluated_;
  std::map<int64_t, std::vector<float>> seen_;
  std::vector<float> values_;
};

TEST_F(Resume, EveryStepWithDropoutAndBest) {
  const TrainResult want = whole();
  const int64_t steps = want.steps;
  ASSERT_GE(steps, 9);
  EXPECT_EQ(want.best_step, 4);
  EXPECT_EQ(values_, seen_.at(4));  // the best, not the last
  for (int64_t step = 0; step < steps; ++step) expect_as_whole(want, {step, false});
}

TEST_F(Resume, EveryEvaluation) {
  const TrainResult want = whole();
  const auto steps = evaluated_;
  for (const int64_t step : steps) expect_as_whole(want, {step, true});
}

TEST_F(Resume, EveryFormOfAdapterAtTwoSteps) {
  options_.lora_plus = 4;
  std::vector<AdapterConfig> forms(4, config());
  forms[0].magnitudes = true;
  forms[1].start = train::Start::kPissa;
  forms[2].saved = {"lm_head", "embed_tokens"};
  forms[3].saved = {"embed_tokens"};
  forms[3].tie_saved = true;
  for (const AdapterConfig& form : forms) {
    config_ = form;
    const TrainResult want = whole();
    EXPECT_GE(want.steps, 9);
    for (const int64_t step : {1, 6}) expect_as_whole(want, {step, false});
    std::filesystem::remove(state_);
  }
}

TEST_F(Resume, PatienceRunsOutAtTheSameStep) {
  options_.patience = 2;
  const TrainResult want = whole();
  EXPECT_TRUE(want.early);
  EXPECT_EQ(want.steps, 8);
  EXPECT_EQ(want.best_step, 4);
  EXPECT_EQ(values_, seen_.at(4));
  for (int64_t step = 0; step < want.steps; ++step) expect_as_whole(want, {step, false});
  for (int64_t step = 2; step <= want.steps; step += 2) expect_as_whole(want, {step, true});
}

TEST_F(Resume, StoppedAfterEachStepInTurn) {
  const TrainResult want = whole();
  evaluated_.clear();
  go(*make(), {0, false}, false);
  for (int64_t step = 1; step < want.steps; ++step) {
    EXPECT_EQ(go(*make(), {step, false}, true).steps, step);
  }
  const auto last = make();
  EXPECT_TRUE(go(*last, {}, true).finished);
  EXPECT_EQ(last->values(), values_);
  std::vector<int64_t> once = evaluated_;
  once.erase(std::unique(once.begin(), once.end()), once.end());
  EXPECT_EQ(once, evaluated_);  // no evaluation is made twice, none is left out
  EXPECT_EQ(int64_t(once.size()), (want.steps + 1) / 2);
}

TEST_F(Resume, StoppedBeforeTheFirstStepLeavesAState) {
  EXPECT_EQ(go(*make(), {0, false}, false).steps, 0);
  const auto tiny = make();
  const auto state = train::load_state(state_, tiny->adapter->values().size());
  EXPECT_EQ(state.step, 0);
  EXPECT_EQ(state.values, tiny->values());
  EXPECT_FALSE(state.best_metric);
}

TEST_F(Resume, StatesAreSavedOnTheWay) {
  options_.eval_every = kSteps + 1;  // once, at the end
  const auto tiny = make(options_);
  train::TrainHooks hooks;
  hooks.state = state_;
  const TrainResult want = tiny->trainer.run(hooks, {});
  const auto state = train::load_state(state_, make()->adapter->values().size());
  EXPECT_EQ(state.step, (want.steps - 1) / 3 * 3);
}

TEST_F(Resume, AStateIsSavedBeforeEachEvaluation) {
  const TrainResult want = whole();
  const auto tiny = make();
  train::TrainHooks hooks;
  hooks.state = state_;
  int64_t failing = 0;
  hooks.evaluate = [&](int64_t step) -> double {
    const auto state = train::load_state(state_, tiny->values().size());
    EXPECT_EQ(state.step, step);
    EXPECT_TRUE(state.evaluation_due);
    if (step >= 6) {
      failing = step;
      fail("test", "the evaluation failed.");
    }
    return metrics_.at(size_t(step / 2 - 1));
  };
  EXPECT_THROW(tiny->trainer.run(hooks, {}), Error);
  EXPECT_EQ(failing, 6);
  const auto again = make();
  EXPECT_EQ(go(*again, {}, true).best_metric, want.best_metric);
  EXPECT_EQ(again->values(), values_);
}

TEST_F(Resume, WithoutAStateFileNoneIsWritten) {
  const auto tiny = make();
  const std::atomic<bool> flag{true};
  Context context;
  context.stop = &flag;
  EXPECT_FALSE(tiny->trainer.run({}, context).finished);
  EXPECT_FALSE(std::filesystem::exists(state_));
}

TEST_F(Resume, RefusesAnotherRunsState) {
  go(*make(), {5, false}, false);
  std::vector<TrainOptions> others(13, options());
  others[0].epochs = 4;
  others[1].learning_rate = 0.02;
  others[2].schedule = train::Shape::kLinear;
  others[3].warmup = 0.2;
  others[4].weight_decay = 0.1;
  others[5].clip = 0.5;
  others[6].batch.batch_tokens = 29;
  others[7].batch.micro_tokens = 21;
  others[8].batch.share = false;
  others[9].seed = 2;
  others[10].eval_every = 3;
  others[11].patience = 1;
  others[12].lora_plus = 2;
  const std::vector<std::string> flags{
      "--epochs",     "--lr",           "--schedule",     "--warmup",   "--weight-decay",
      "--clip",       "--batch-tokens", "--micro-tokens", "--no-share", "--seed",
      "--eval-every", "--patience",     "--lora-plus"};
  const auto refuses = [&](TinyRun& tiny, const std::string& what = "") {
    const auto before = tiny.values();
    EXPECT_THAT([&] { tiny.trainer.resume(state_); },
                ThrowsMessage<Error>(AllOf(HasSubstr(state_.string()), HasSubstr(what))));
    EXPECT_EQ(tiny.values(), before);
  };
  for (size_t i = 0; i < others.size(); ++i) refuses(*make(others[i]), flags[i] + " was ");
  TrainOptions base = options();
  base.given = {{"the base's SHA-256", "abc"}};
  refuses(*make(base), "the base's SHA-256 was nothing and is now abc");
  for (const AdapterConfig& other :
       {AdapterConfig{.rank = 4, .dropout = 0.2}, AdapterConfig{.rank = 3, .dropout = 0.1},
        AdapterConfig{.rank = 3, .alpha = 16, .dropout = 0.2},
        AdapterConfig{.rank = 3, .dropout = 0.2, .rank_stabilised = true},
        AdapterConfig{.rank = 3, .dropout = 0.2, .targets = {"q_proj"}}}) {
    refuses(*make(options(), other));
  }
  AdapterConfig form = config();
  form.magnitudes = true;
  refuses(*make(options(), form), "--dora was nothing and is now on");
  form = config();
  form.start = train::Start::kPissa;
  refuses(*make(options(), form), "--init was nothing and is now pissa");
  form = config();
  form.saved = {"lm_head"};
  refuses(*make(options(), form), "--save-modules was nothing and is now lm_head");
  TinyRun other_rows(random_rows(8), options(), config());
  refuses(other_rows);
  auto rows = random_rows(9);
  rows[3].prompt_length -= 1;
  TinyRun other_prompts(rows, options(), config());
  refuses(other_prompts);
  EXPECT_NO_THROW(make()->trainer.resume(state_));
}

TEST_F(Resume, CutStatesAreRefusedAndChangeNothing) {
  go(*make(), {5, false}, false);
  const std::string whole_file = read_file(state_);
  const auto tiny = make();
  const auto before = tiny->values();
  for (size_t size = 0; size < whole_file.size(); size += 1 + whole_file.size() / 40) {
    write_file(state_, whole_file.substr(0, size));
    EXPECT_THAT([&] { tiny->trainer.resume(state_); },
                ThrowsMessage<Error>(HasSubstr(state_.string())));
  }
  std::filesystem::remove(state_);
  EXPECT_THROW(tiny->trainer.resume(state_), Error);
  EXPECT_EQ(tiny->values(), before);
}

}  // namespace
}  // namespace relatum::testing
