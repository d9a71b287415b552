// What a fine-tuning is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/choices.h"
#include "train/adapter.h"
#include "train/trainer.h"

namespace relatum::jobs {

/// The members are the options of `relatum finetune`; their defaults are its defaults.
struct FinetuneOptions {
  ModelChoice model;
  DataChoice data;
  std::string train, dev, index, embedder, out, method = "qlora";
  bool method_given = false;  ///< else --base decides between qlora and lora, see method_name()
  std::string prompt;         ///< empty: the model's usual style, see style_for()
  std::string schedule = "cosine", targets = "all-linear";
  std::string init = "default", save_modules;  ///< a list of modules
  std::optional<std::string> negative;         ///< label that means no relation, for dev figures
  int64_t holdout = 0, neighbours = 1;
  int64_t batch_tokens = 0;  ///< 0: chosen from the data
  /// 0: the whole step; none: train::default_micro_tokens(), or those of the run that is resumed
  std::optional<int64_t> micro_tokens;
  std::optional<double> learning_rate;  ///< none: see jobs::learning_rate()
  bool neighbours_given = false;
  uint64_t memory = 0;  ///< bytes to stay below; 0: no limit
  train::AdapterConfig adapter;
  std::vector<std::string> adapter_flags;  ///< those of the adapter's options that were given
  train::TrainOptions training;
  bool resume = false, chat = false, no_share = false;
  bool overwrite = false;  ///< replace a run that is there
};

}  // namespace relatum::jobs
