// The training loop: forward, backward, clipping, AdamW, evaluation, saving. Knows no relations.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/stopwatch.h"
#include "engine/worker.h"
#include "nn/loss.h"
#include "train/batcher.h"
#include "train/identity.h"
#include "train/schedule.h"
#include "train/state.h"
#include "train/trainable.h"

namespace relatum::train {

/// See TrainOptions::save_every.
inline constexpr int64_t kLargeState = int64_t{64} << 20;
inline constexpr double kSecondsBetweenStates = 30;

struct TrainOptions {
  int64_t epochs = 3;
  double learning_rate = kAdapterRate;
  Shape schedule = Shape::kCosine;
  double warmup = 0.03;
  double weight_decay = 0;
  double lora_plus = 1;  ///< LoRA+: rate of pairs' B and of magnitudes over that of all else
  double clip = 1.0;     ///< largest norm of all gradients together; 0: none
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  BatchOptions batch;
  bool checkpoint = false;  ///< recompute layers in the backward pass
  uint64_t seed = 1;
  int64_t eval_every = 0;  ///< steps between evaluations; 0: at the end of each epoch
  /// Steps between states; 0: as often as evaluations, states of more than kLargeState bytes at
  /// most every kSecondsBetweenStates.
  int64_t save_every = 0;
  int64_t patience = 0;           ///< evaluations without gain before the run ends; 0: never
  std::vector<NamedValue> given;  ///< what rows were made with; a state knows its run by it, too
};

/// One optimiser step, as log.jsonl tells it.
struct StepReport {
  int64_t step = 0, steps = 0, epoch = 0;
  double loss = 0;  ///< mean over the step's answer tokens, by their rows' weights
  double learning_rate = 0;
  double grad_norm = 0;  ///< before clipping
  int64_t tokens = 0;    ///< computed in this step, shared ones once
  int64_t examples = 0;
  double seconds = 0;
};

/// What a run leaves: how far it came and the best evaluation.
struct TrainResult {
  int64_t steps = 0;
  bool finished = false;  ///< false: stopped by the context; the state is saved
  bool early = false;     ///< ended by patience
  std::optional<double> best_metric;
  int64_t best_step = 0;
  int64_t tokens = 0, examples = 0;  ///< of all steps, those before a resume included
  double seconds = 0;                ///< in steps, evaluation apart
  double last_loss = 0;              ///< of the last step, also where a resume had none left
};

struct TrainHooks {
  std::function<void(const StepReport&)> on_step;
  /// Larger is better; none: the last values are the result. Called when they are in sync.
  /// Where the context stops meanwhile, what it returns is ignored and asked for again on resume.
  std::function<double(int64_t step)> evaluate;
  std::filesystem::path state;  ///< state file for resuming; empty: none is kept
};

class Trainer {
 public:
  /// Rows must fit the context. The worker runs with the trained adapter, or none; what is trained
  /// gets gradient memory. Where weights are kept, Session::prepare_training() makes the steps
  /// faster.
  Trainer(engine::Worker& worker, Trainable& trained, std::span<const TrainRow> rows,
          const TrainOptions& options);

  /// What was done so far, over all calls of the run.
  TrainResult so_far() const;
  int64_t steps() const { return int64_t(plan_.size()); }
  /// How far it came.
  const TrainCounters& counters() const { return at_; }
  /// Loads a state that a run with the same rows and options left. Throws Error that says what
  /// differs where it is of another run, and changes nothing then. `row_names`: for that sentence.
  void resume(const std::filesystem::path& state, std::span<const std::string> row_names = {});
  /// Trains to the end or until the context stops; leaves the best (or last) values in place.
  TrainResult run(const TrainHooks& hooks, const Context& context);

  /// Forward and backward of the rows: adds to the gradients, gives the loss. All rows of
  /// a step (counted from 0) meet the same dropout masks behind equal tokens, another step others.
  nn::LossSum accumulate(const StepRows& rows, int64_t step, int64_t& tokens);
  /// The same for one batch of rows. Once warmed up, it asks the system for no memory.
  nn::LossSum accumulate(const TrainBatch& batch, int64_t step);
  /// One AdamW step from the summed gradients, divided by the weights' sum (LossSum); returns their
  /// norm before clipping.
  double apply(double weight);

 private:
  struct PlannedStep {
    int64_t epoch;
    bool last_of_epoch;
    StepRows rows;
  };
  StepReport train_step();
  float span_weight(const StepRows& rows) const;
  [[noreturn]] void fail_loss(const StepRows& rows);
  void advance(const TrainHooks& hooks);
  void evaluate(const TrainHooks& hooks, const Context& context, TrainResult& result);
  bool reached(int64_t interval) const;
  bool may_wait() const;
  void save(const TrainHooks& hooks);
  Identity identity() const;

  engine::Worker& worker_;
  Trainable& trained_;
  std::span<const TrainRow> rows_;
  TrainOptions options_;
  Schedule schedule_;
  std::vector<PlannedStep> plan_;
  std::vector<RateRange> rates_;
  std::vector<float> m_, v_, best_;
  TrainCounters at_;
  Stopwatch since_saved_;  // or since the run began
};

}  // namespace relatum::train
