// An adapter of random numbers for any model, saved as PEFT does.
#pragma once

#include <filesystem>

#include "base/rng.h"
#include "train/adapter.h"
#include "train/peft.h"

namespace relatum::testing {

/// Both factors move; A is drawn as for training, B uniform in +-`reach`.
inline void save_small_adapter(const arch::Model& model, const std::filesystem::path& folder,
                               const train::AdapterConfig& config = {.rank = 3, .alpha = 6},
                               double reach = 0.2) {
  train::Adapter adapter(model, DType::kF32, config, 5);
  const Rng rng(6, 1);
  uint64_t next = 0;
  for (const train::AdapterModule& module : adapter.modules()) {
    const MatView<float> b = adapter.b(module);
    for (int64_t i = 0; i < b.size(); ++i) {
      b.data[i] = float((2 * rng.uniform(next++) - 1) * reach);
    }
  }
  std::filesystem::create_directories(folder);
  train::save_peft(folder, adapter, "base");
}

}  // namespace relatum::testing
