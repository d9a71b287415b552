// What a fine-tuning is asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/choices.h"
#include "train/adapter.h"
#include "train/trainer.h"

namespace relatum::jobs {

/// Options as a command line has them: flag without "--" to value, "" of a mere flag.
using Words = std::map<std::string, std::string>;

/// One of several parts of the training data that takes its turn as test data.
struct Fold {
  int64_t number = 0, count = 0;  ///< number counts from 0
  std::function<void()> begun{};  ///< called once nothing can refuse the fold's run any more
};

/// The members are the options of `relatum finetune`; their defaults are its defaults.
struct FinetuneOptions {
  ModelChoice model;
  DataChoice data;
  std::string train, dev, index, embedder, out, method = "qlora";
  bool method_given = false;  ///< else --base decides between qlora and lora, see method_name()
  std::string task = "relations";            ///< or "entities", "joint", see finetune_joint.h
  std::string pairs = "documents";           ///< or "sentences", see finetune_joint.h
  std::string head = "lm";                   ///< or "classifier", see task/classifier_rows.h
  std::optional<double> head_learning_rate;  ///< of the classifier; none: train::kHeadRate
  double head_dropout = 0.1, hidden_dropout = 0.1;
  std::vector<std::string> head_flags;  ///< those of the classifier's options that were given
  std::string prompt;                   ///< empty: the model's usual style, see style_for()
  std::string label_list = "full";      ///< that training prompts show, see task/label_list.h
  std::string schedule = "cosine", targets = "all-linear";
  std::string init = "default", save_modules;  ///< a list of modules
  std::optional<std::string> negative;         ///< label that means no relation, for dev figures
  int64_t holdout = 0, neighbours = 1;
  std::string examples = "nearest";  ///< or "random", see example_choice(); by --seed
  int64_t batch_tokens = 0;          ///< 0: chosen from the data
  /// 0: the whole step; none: train::default_micro_tokens(), or those of the run that is resumed
  std::optional<int64_t> micro_tokens;
  std::optional<double> learning_rate;  ///< none: see jobs::learning_rate()
  bool neighbours_given = false, examples_given = false;
  uint64_t memory = 0;  ///< bytes to stay below; 0: no limit
  train::AdapterConfig adapter;
  std::vector<std::string> adapter_flags;  ///< those of the adapter's options that were given
  train::TrainOptions training;
  bool resume = false, chat = false, no_share = false;
  bool multi_label = false;     ///< learn every label of a pair, each as a row of its own
  bool overwrite = false;       ///< replace a run that is there
  std::string init_adapter;     ///< a run, PEFT's folder or a GGUF file to start from; empty: none
  bool force = false;           ///< start from it though its base is another
  std::string start_hash;       ///< set by read_start(): SHA-256 of its numbers
  std::string start_base_hash;  ///< and of the base that it was trained on; empty: not known
  std::optional<double> negatives;  ///< at most so many per positive row in an epoch; none: all
  std::string label_weights;        ///< empty: all weigh 1; "balanced", or a JSON file
  int64_t folds = 0;                ///< 0: one run of all rows
  std::optional<Fold> fold;  ///< set by finetune_folds(): this run's rows of the training data
  Words words;               ///< what of these was given, for the record
  std::string directory;     ///< from which the words' relative paths go; empty: the process's
};

/// Whether training prompts show lists of labels of their own.
inline bool lists_anew(const FinetuneOptions& options) { return options.label_list != "full"; }

}  // namespace relatum::jobs
