// Adapters on disk, in the layout of Hugging Face PEFT.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "train/adapter.h"

namespace relatum::train {

/// Writes adapter_config.json and adapter_model.safetensors (f32) into a folder, each whole or not
/// at all. `base` is recorded as base_model_name_or_path.
void save_peft(const std::filesystem::path& folder, const Adapter& adapter,
               const std::string& base);

/// Reads both and seats the adapter on the model. Throws Error with file and place for a damaged
/// file, for shapes or names that are not this model's, and for kinds of adapter that PEFT knows
/// and Relatum does not (DoRA, trained biases, …).
std::unique_ptr<Adapter> load_peft(const std::filesystem::path& folder, arch::Model& model,
                                   DType compute);

}  // namespace relatum::train
