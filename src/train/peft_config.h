// What PEFT's adapter_config.json says: the adapter's numbers and which linears it adapts.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "text/python_pattern.h"
#include "train/adapter.h"

namespace relatum::train {

struct PeftConfig {
  AdapterConfig adapter;                   ///< `targets` are the adapted linears' whole names
  std::vector<std::string> saved_modules;  ///< modules_to_save: whole modules in the file
  /// trainable_token_indices: rows of an embedding (by the end of its name; "" is the embedding of
  /// the model's tokens) in the file.
  std::map<std::string, std::vector<int64_t>> tokens;
};

/// Keys of the two patterns in the file's order: PEFT takes the first that matches. Empty: by name,
/// as PEFT writes them.
struct PatternOrder {
  std::vector<std::string> ranks, alphas;
};

/// Throws Error, as read_peft_config() does, for what no model could make good: another kind of
/// adapter, and options that are not supported.
void check_peft_keys(const nlohmann::json& config, const std::string& place);

/// Reads the configuration of a LoRA adapter for a model with these `linears` (whole names). Every
/// key that changes what is adapted, or by how much, is honoured or refused by its name, and so is
/// a key that is set and not known (facts: LoraConfig of PEFT 0.21.2, tuners_utils.py's
/// check_target_module_exists and utils/other.py's get_pattern_key). Throws Error with `place`.
PeftConfig read_peft_config(const nlohmann::json& config, std::span<const std::string> linears,
                            const std::string& place, const PatternOrder& order = {});

/// PEFT's rule for modules_to_save: matches_start() of it says whether a name is that module's or
/// of something in it. Throws Error with `place`.
text::PythonPattern saved_module_pattern(const std::string& module, const std::string& place);

}  // namespace relatum::train
