// What this machine reaches with a model: products, prefill, decoding, training.
#pragma once

#include <cstdint>

#include "app/options.h"

namespace relatum::app {

struct BenchOptions {
  MachineOptions machine;
  jobs::ModelChoice model;
  int64_t tokens = 2048;  ///< computed at once
  int64_t length = 64;    ///< tokens of a row
  int64_t rank = 16;
  int64_t decode = 64;      ///< tokens generated in one stream
  int64_t rounds = 5;       ///< the median is told
  std::string text;         ///< file whose tokens the rows are made of; empty: random tokens
  std::string logits;       ///< .npy file for the logits behind the first row; empty: none
  bool checkpoint = false;  ///< training recomputes layers in the backward pass
  bool skip_training = false;
  bool json = false;
  bool overwrite = false;
};

/// Prints a table or JSON to standard output. Gives the exit status.
int bench(const BenchOptions& options, Environment& environment);

}  // namespace relatum::app
