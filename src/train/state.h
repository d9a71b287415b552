// The one file that a stopped run goes on from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "train/identity.h"

namespace relatum::train {

/// How far a run came, over all its calls. Random numbers are functions of seed and place, so
/// none are kept.
struct TrainCounters {
  int64_t step = 0;  ///< optimiser steps done
  int64_t best_step = 0, without_gain = 0;
  int64_t tokens = 0, examples = 0, microseconds = 0;  ///< of the steps done
  bool evaluation_due = false;  ///< stopped between a step and its evaluation
  std::optional<double> best_metric;
  double last_loss = 0;  ///< mean over the last step's answer tokens
};

/// All that changes in a run.
struct TrainState : TrainCounters {
  std::vector<float> values, m, v, best;  ///< adapter, both moments, best adapter (may be empty)
};

/// Views for writing, so that saving copies nothing.
struct TrainStateView : TrainCounters {
  std::span<const float> values, m, v, best;
};

/// One atomic write (safetensors with the counters as metadata).
void save_state(const std::filesystem::path& path, const TrainStateView& state,
                const Identity& identity);
/// Whose state it is. Throws Error with file and place.
Identity load_identity(const std::filesystem::path& path);
/// Throws Error with file and place; all arrays have `size` values (best may be empty).
TrainState load_state(const std::filesystem::path& path, size_t size);

}  // namespace relatum::train
