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

/// Throws Error unless the folder has both files: it says what the path is instead (absent, a file,
/// an unfinished run, a model, an index, an adapter in a pickle file …) and what to do.
void check_adapter_folder(const std::filesystem::path& folder);

/// Reads both, for the model; or a GGUF file (train/gguf_lora.h). Throws Error with file and place
/// for a damaged file, for shapes or names that are not this model's, for what the file holds
/// besides pairs, magnitudes, head and embeddings (unless it equals the base's own tensor), and for
/// kinds of adapter that PEFT knows and Relatum does not (trained biases, …), each by its name.
std::unique_ptr<Adapter> load_peft(const std::filesystem::path& folder, const arch::Model& model,
                                   DType compute);

}  // namespace relatum::train
