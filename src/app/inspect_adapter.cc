// PEFT's options, those that say something.
#include "app/inspect_adapter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "app/inspect_file.h"
#include "app/inspect_text.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "train/peft_config.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::array kFirst = {"peft_type",    "base_model_name_or_path", "r", "lora_alpha",
                               "lora_dropout", "target_modules"};
// Notes about the file, which say nothing of what is computed.
constexpr std::array kNotes = {"auto_mapping", "inference_mode", "peft_version", "revision",
                               "task_type",    "runtime_config", "eva_config"};

// What PEFT writes where nobody asked for anything (facts: LoraConfig of PEFT 0.21.2).
bool is_usual(const std::string& key, const json& value) {
  if (value.is_null() || value == json(false)) return true;
  if (value.is_structured() && value.empty()) return true;
  if (key == "bias") return value == json("none");
  if (key == "init_lora_weights") return value == json(true);
  if (key == "megatron_core") return value == json("megatron.core");
  return key == "qalora_group_size" && value == json(16);
}

std::string option_line(const std::string& key, const json& value) {
  constexpr size_t kLongest = 200;
  return fmt::format("{:<25} {}\n", printable(key),
                     printable_start(io::dump_json(value), kLongest));
}

std::string options_text(const json& config, const fs::path& file) {
  if (!config.is_object()) return "";
  std::string text;
  for (const char* key : kFirst) {
    if (config.contains(key)) text += option_line(key, config[key]);
  }
  for (const auto& [key, value] : config.items()) {
    const bool shown = std::count(kFirst.begin(), kFirst.end(), key) ||
                       std::count(kNotes.begin(), kNotes.end(), key);
    if (!shown && !is_usual(key, value)) text += option_line(key, value);
  }
  try {
    train::check_peft_keys(config, file.string());
  } catch (const Error& error) {
    text += inspect_line("cannot be used", error.what());
  }
  return text;
}

}  // namespace

std::string adapter_settings_text(const fs::path& file) {
  return inspect_line("adapter settings", file.string()) + options_text(io::load_json(file), file);
}

std::string inspect_adapter_text(const fs::path& folder, bool all) {
  const fs::path file = folder / "adapter_config.json";
  std::string text = inspect_line("adapter", folder.string()) +
                     options_text(io::load_json(file), file);
  const fs::path weights = folder / "adapter_model.safetensors";
  if (!fs::exists(weights)) {
    return text + "tensors       adapter_model.safetensors is not there\n";
  }
  return text + safetensors_lines(io::Safetensors::open(weights), all);
}

}  // namespace relatum::app
