// Extraction from options to predictions.
#pragma once

#include <cstdint>
#include <string>

#include "app/options.h"

namespace relatum::app {

struct ExtractOptions {
  MachineOptions machine;
  ModelOptions model;
  DataOptions data;
  std::string adapter, prompt, index, embedder, input, out, answer = "scored";
  int64_t neighbours = 0;        ///< 0: as the run was trained, else 1
  int64_t max_new_tokens = 32, batch_tokens = 2048;
  double negligible = 0;
  bool scores = false, chat = false, force = false;
};

/// Writes predictions.jsonl and, beside it, a record of the options. Gives the exit status.
int extract(const ExtractOptions& options, Environment& environment);

}  // namespace relatum::app
