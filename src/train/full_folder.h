// Trained weights on disk: a model's folder as Hugging Face's transformers opens it.
#pragma once

#include <filesystem>

#include "train/full_weights.h"

namespace relatum::train {

/// Where a run keeps the model that it trained.
std::filesystem::path full_folder(const std::filesystem::path& run);

/// Writes model.safetensors (f32), config.json and the tokenizer's files into full_folder(run),
/// which appears whole or not at all. The latter come from `base`, the folder of the model that was
/// trained: the configuration as it is there, but for the numbers' type and a quantisation that is
/// gone.
void save_full(const std::filesystem::path& run, const FullWeights& weights,
               const std::filesystem::path& base);

/// Removes it, and what a killed process left of it.
void remove_full(const std::filesystem::path& run);

}  // namespace relatum::train
