// The options of the decoder's fixture: settings, a folder for each, and their rows of the table.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "io/json.h"
#include "support/log_probabilities.h"
#include "support/models.h"
#include "support/temporary.h"

namespace relatum::testing {

/// config.json by option.
inline const nlohmann::json& decoder_options() {
  static const nlohmann::json all = io::load_json(fixture("decoder/options.json"));
  return all;
}

inline std::vector<std::string> decoder_option_names() {
  std::vector<std::string> all;
  for (const auto& [name, config] : decoder_options().items()) all.push_back(name);
  return all;
}

/// The row of docs/models.md that an option belongs to: the models that have it.
inline std::string row_of_option(const std::string& option) {
  static const std::map<std::string, std::string> rows = {
      {"window", "Mistral"},
      {"window_unsaid", "Mistral"},
      {"untied_head", "Llama 2"},
      {"rope_llama3", "Llama 3"},
      {"attention_bias", "with biases"},
      {"mlp_bias", "with biases"},
      {"rope_theta", "with another rope_theta or rms_norm_eps"},
      {"norm_eps", "with another rope_theta or rms_norm_eps"}};
  const auto found = rows.find(option);
  if (found != rows.end()) return found->second;
  RELATUM_CHECK(option.starts_with("rope_"));  // another option needs a row
  return "with linear, dynamic, yarn or longrope";
}

/// A tensor of the fixture that an option's settings ask for.
inline bool wanted_by_option(const nlohmann::json& config, const std::string& name) {
  if (name.starts_with("expected.") || name == "input_ids") return false;
  if (name == "lm_head.weight") return !config.at("tie_word_embeddings");
  if (!name.ends_with(".bias")) return true;
  const char* flag = name.find(".mlp.") == std::string::npos ? "attention_bias" : "mlp_bias";
  return config.value(flag, false);
}

/// A folder of the fixture's weights that has what an option's settings ask for.
class OptionFolder {
 public:
  explicit OptionFolder(const nlohmann::json& config) {
    write_file(folder_ / "config.json", config.dump());
    const auto file = io::Safetensors::open(fixture("decoder/weights.safetensors"));
    std::vector<io::SafetensorsOutput> tensors;
    for (const auto& tensor : file.tensors()) {
      if (wanted_by_option(config, tensor.name)) {
        tensors.push_back({tensor.name, tensor.dtype, tensor.shape, tensor.bytes});
      }
    }
    io::write_safetensors(folder_ / "model.safetensors", tensors);
  }
  std::unique_ptr<arch::Model> load() const { return testing::load(folder_.path()); }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

/// How far log-probabilities of an option may lie from Hugging Face's, which are in f32, too.
constexpr double kOptionBound = 1e-3;

}  // namespace relatum::testing
