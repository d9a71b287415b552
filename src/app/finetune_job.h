// Fine-tuning from options to a run folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/options.h"
#include "train/trainer.h"

namespace relatum::app {

struct FinetuneOptions {
  MachineOptions machine;
  ModelOptions model;
  DataOptions data;
  std::string train, dev, prompt = "roles-nolist", index, embedder, out, method = "qlora";
  std::string schedule = "cosine", targets = "all-linear";
  std::optional<std::string> negative;  ///< label that means no relation, for dev figures
  int64_t holdout = 0, neighbours = 1, micro_tokens = 2048;
  int64_t batch_tokens = 0;      ///< 0: chosen from the data
  bool neighbours_given = false;
  uint64_t memory = 0;           ///< bytes to stay below; 0: no limit
  train::AdapterConfig adapter;
  train::TrainOptions training;
  bool resume = false, chat = false, no_share = false, force = false;
};

/// Trains and writes RUN: adapter_model.safetensors, adapter_config.json, labels.json, run.json,
/// log.jsonl, state/. Gives the exit status.
int finetune(const FinetuneOptions& options, Environment& environment);

}  // namespace relatum::app
