// What a model's folder holds beside its weights, for a folder with other weights.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace relatum::train {

/// The configuration in `base` for weights of another type ("float32"), as transformers names it: a
/// quantisation that is gone is left out.
nlohmann::json config_in_type(const std::filesystem::path& base, const std::string& type);

/// Copies the tokenizer's files, and what else transformers reads for writing text, from a model's
/// folder into another that is there. Not config.json.
void copy_model_files(const std::filesystem::path& base, const std::filesystem::path& folder);

}  // namespace relatum::train
