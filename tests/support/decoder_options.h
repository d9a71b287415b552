// The options of the decoder's fixture: settings, a folder for each, and their rows of the table.
#pragma once

#include <fmt/format.h>

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
  for (const auto& [start, row] : {std::pair{"qwen2", "Qwen 2, 2.5"}, std::pair{"qwen3", "Qwen 3"},
                                   std::pair{"gemma3", "Gemma 3"}, std::pair{"phi3", "Phi-3"}}) {
    if (option.starts_with(start)) return row;
  }
  RELATUM_CHECK(option.starts_with("rope_"));  // another option needs a row
  return "with linear, dynamic, yarn or longrope";
}

/// An option's tensor: the name that its folder has, and the one in the fixture, where Gemma's
/// norms stand apart from those of other kinds.
struct OptionTensor {
  std::string name;
  const io::SafetensorsTensor* stored;
};

/// The tensors of the fixture that an option's settings ask for.
inline std::vector<OptionTensor> tensors_of_option(const nlohmann::json& config,
                                                   const io::Safetensors& file) {
  const std::string type = config.at("model_type");
  const bool gemma = type == "gemma3_text", fused = type == "phi3";
  std::vector<OptionTensor> all;
  for (const auto& tensor : file.tensors()) {
    const auto has = [&](const char* part) { return tensor.name.find(part) != std::string::npos; };
    std::string name = tensor.name;
    const bool apart = name.starts_with("gemma3.");
    if (apart) name = name.substr(std::string("gemma3.").size());
    if (name.starts_with("expected.") || name == "input_ids" || (apart && !gemma)) continue;
    const bool norm = has("norm"), head_norm = has("q_norm") || has("k_norm");
    if (gemma && norm && !apart) continue;
    if (head_norm && !gemma && type != "qwen3") continue;
    if (name == "lm_head.weight" && config.at("tie_word_embeddings")) continue;
    const bool joined = has("qkv_proj") || has("gate_up_proj");
    const bool part = has("q_proj") || has("k_proj") || has(".v_proj") || has("gate_proj") ||
                      has(".up_proj");
    if (fused ? part && !joined : joined) continue;
    if (name.ends_with(".bias")) {
      const char* flag = has(".mlp.") ? "mlp_bias" : "attention_bias";
      if (!config.value(flag, type == "qwen2" && !has("o_proj") && !has(".mlp."))) continue;
    }
    all.push_back({name, &tensor});
  }
  return all;
}

/// A folder of the fixture's weights that has what an option's settings ask for, in one file or
/// several.
class OptionFolder {
 public:
  explicit OptionFolder(const nlohmann::json& config, size_t files = 1) {
    write_file(folder_ / "config.json", config.dump());
    const auto file = io::Safetensors::open(fixture("decoder/weights.safetensors"));
    std::vector<std::vector<io::SafetensorsOutput>> parts(files);
    nlohmann::json index;
    for (const auto& [name, tensor] : tensors_of_option(config, file)) {
      const size_t part = index["weight_map"].size() % files;
      parts[part].push_back({name, tensor->dtype, tensor->shape, tensor->bytes});
      index["weight_map"][name] = file_name(part, files);
    }
    for (size_t i = 0; i < files; ++i) {
      io::write_safetensors(folder_ / file_name(i, files), parts[i]);
    }
    if (files > 1) write_file(folder_ / "model.safetensors.index.json", index.dump());
  }
  std::unique_ptr<arch::Model> load() const { return testing::load(folder_.path()); }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  static std::string file_name(size_t part, size_t files) {
    if (files == 1) return "model.safetensors";
    return fmt::format("model-{:05}-of-{:05}.safetensors", part + 1, files);
  }
  TemporaryFolder folder_;
};

/// How far log-probabilities of an option may lie from Hugging Face's, which are in f32, too.
constexpr double kOptionBound = 1e-3;

}  // namespace relatum::testing
