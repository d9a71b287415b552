// Reads the files that sentence-transformers lays beside a model.
#include "retrieve/embedder_config.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "io/json.h"

namespace relatum::retrieve {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// "Pooling" of "sentence_transformers.models.Pooling".
std::string last_part(const std::string& type) { return type.substr(type.rfind('.') + 1); }

/// The folder of the pooling module, which lies inside the model's own.
fs::path pooling_file(const fs::path& folder, const json& module, const std::string& place) {
  const std::string name = io::require_string(module, "path", place);
  const fs::path relative(name);
  if (name.empty() || relative.is_absolute() || name.find("..") != std::string::npos) {
    fail("retrieve.embedder", fmt::format("{}: the pooling's path '{}' is no folder inside the "
                                          "model's. Correct it, e.g. to 1_Pooling.",
                                          place, name));
  }
  return folder / relative / "config.json";
}

/// Older files say it with one boolean per mode, newer ones with "pooling_mode".
Pooling read_pooling(const fs::path& file, int64_t dimension) {
  const json config = io::load_json(file);
  const std::string place = file.string();
  const char* size_key = io::find(config, "embedding_dimension") ? "embedding_dimension"
                                                                 : "word_embedding_dimension";
  const int64_t size = io::get_int(config, size_key, dimension, place);
  if (size != dimension) {
    fail("retrieve.embedder", fmt::format("{}: pools {} values, but the model's states have {}. "
                                          "The files do not belong together.",
                                          place, size, dimension));
  }
  std::string modes = io::get_string(config, "pooling_mode", "", place);
  if (!io::get_bool(config, "include_prompt", true, place)) {
    fail("retrieve.embedder", fmt::format("{}: a pooling that leaves the prompt out is not "
                                          "supported. Choose another embedder.",
                                          place));
  }
  for (const auto& [key, value] : config.items()) {
    if (!key.starts_with("pooling_mode_") || !value.is_boolean() || !value.get<bool>()) continue;
    modes += (modes.empty() ? "" : "+") + key.substr(sizeof("pooling_mode_") - 1);
  }
  if (modes == "mean_tokens" || modes == "mean") return Pooling::kMean;
  if (modes == "cls_token" || modes == "cls") return Pooling::kCls;
  fail("retrieve.embedder", fmt::format("{}: pooling '{}' is not known. Known are mean_tokens and "
                                        "cls_token.",
                                        place, modes));
}

void read_modules(const fs::path& folder, int64_t dimension, EmbedderConfig& config) {
  const fs::path file = folder / "modules.json";
  if (!fs::exists(file)) return;
  const json modules = io::load_json(file);
  const std::string place = file.string();
  if (!modules.is_array()) {
    fail("retrieve.embedder", fmt::format("{}: expected a list of modules.", place));
  }
  config.normalise = false;
  for (const json& module : modules) {
    const std::string type = last_part(io::require_string(module, "type", place));
    if (type == "Normalize") {
      config.normalise = true;
    } else if (type == "Pooling") {
      config.pooling = read_pooling(pooling_file(folder, module, place), dimension);
    } else if (type != "Transformer") {
      fail("retrieve.embedder", fmt::format("{}: module '{}' is not known. Known are Transformer, "
                                            "Pooling and Normalize: choose another embedder.",
                                            place, type));
    }
  }
}

void read_default_prompt(const fs::path& folder, EmbedderConfig& config) {
  const fs::path file = folder / "config_sentence_transformers.json";
  if (!fs::exists(file)) return;
  const json settings = io::load_json(file);
  const std::string place = file.string();
  const std::string name = io::get_string(settings, "default_prompt_name", "", place);
  if (name.empty()) return;
  const json* prompts = io::find(settings, "prompts");
  if (!prompts || !io::find(*prompts, name)) {
    fail("retrieve.embedder", fmt::format("{}: the default prompt '{}' is not among the prompts. "
                                          "Add it, or set default_prompt_name to null.",
                                          place, name));
  }
  config.prefix = io::require_string(*prompts, name, place);
}

}  // namespace

EmbedderConfig read_embedder_config(const fs::path& folder, int64_t dimension) {
  EmbedderConfig config;
  read_modules(folder, dimension, config);
  read_default_prompt(folder, config);
  const fs::path file = folder / "sentence_bert_config.json";
  if (!fs::exists(file)) return config;
  const json settings = io::load_json(file);
  config.lowercase = io::get_bool(settings, "do_lower_case", false, file.string());
  config.max_tokens = io::get_int(settings, "max_seq_length", config.max_tokens, file.string());
  if (config.max_tokens < 1) {
    fail("retrieve.embedder", fmt::format("{}: a max_seq_length of {} leaves no room for text.",
                                          file.string(), config.max_tokens));
  }
  return config;
}

}  // namespace relatum::retrieve
