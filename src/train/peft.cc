// The two files of a PEFT adapter.
#include "train/peft.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/to_weight.h"
#include "quant/format.h"

namespace relatum::train {
namespace {

constexpr const char* kPrefix = "base_model.model.";

std::string tensor_name(const AdapterModule& module, const char* factor) {
  return fmt::format("{}{}.{}.weight", kPrefix, module.name, factor);
}

nlohmann::json config_json(const Adapter& adapter, const std::string& base) {
  const AdapterConfig& config = adapter.config();
  std::set<std::string> targets(config.targets.begin(), config.targets.end());
  if (targets.empty() || targets.contains("all-linear")) {  // PEFT's files name the modules
    targets.clear();
    for (const AdapterModule& module : adapter.modules()) {
      targets.insert(module.name.substr(module.name.rfind('.') + 1));
    }
  }
  return {{"peft_type", "LORA"}, {"task_type", "CAUSAL_LM"}, {"base_model_name_or_path", base},
          {"r", config.rank}, {"lora_alpha", config.alpha}, {"lora_dropout", config.dropout},
          {"target_modules", targets}, {"bias", "none"}, {"fan_in_fan_out", false},
          {"inference_mode", true}, {"init_lora_weights", true},
          {"use_rslora", config.rank_stabilised}, {"use_dora", false},
          {"modules_to_save", nullptr}, {"rank_pattern", nlohmann::json::object()},
          {"alpha_pattern", nlohmann::json::object()}, {"layers_to_transform", nullptr},
          {"layers_pattern", nullptr}, {"revision", nullptr}};
}

// True where an optional key says anything but nothing.
bool set(const nlohmann::json& config, const char* key) {
  const auto it = config.find(key);
  if (it == config.end() || it->is_null()) return false;
  return !(it->is_boolean() && !it->get<bool>()) && !(it->is_structured() && it->empty());
}

void refuse_unknown_kinds(const nlohmann::json& config, const std::string& place) {
  const std::string type = io::require_string(config, "peft_type", place);
  if (type != "LORA") {
    fail("train.peft", fmt::format("{}: an adapter of type '{}' is not known. Known is LORA.",
                                   place, type));
  }
  for (const char* key : {"use_dora", "modules_to_save", "rank_pattern", "alpha_pattern",
                          "fan_in_fan_out", "layers_to_transform", "megatron_config",
                          "trainable_token_indices", "layer_replication", "lora_bias",
                          "use_qalora", "use_bdlora", "alora_invocation_tokens", "arrow_config",
                          "target_parameters"}) {
    if (!set(config, key)) continue;
    fail("train.peft", fmt::format("{}: '{}' is set, which Relatum does not know. Train the "
                                   "adapter without it, or merge it with PEFT.", place, key));
  }
  // These start from other base weights than the model's file holds.
  const nlohmann::json* start = io::find(config, "init_lora_weights");
  for (const char* kind : {"pissa", "olora", "corda", "loftq"}) {
    if (!start || !start->is_string() || !start->get<std::string>().starts_with(kind)) continue;
    fail("train.peft", fmt::format("{}: init_lora_weights = {} changes the base model. Convert "
                                   "the adapter to plain LoRA with PEFT.", place, kind));
  }
  if (io::get_string(config, "bias", "none", place) != "none") {
    fail("train.peft", fmt::format("{}: trained biases are not known. Use bias = none.", place));
  }
}

AdapterConfig read_config(const nlohmann::json& config, const std::string& place) {
  refuse_unknown_kinds(config, place);
  AdapterConfig result;
  result.rank = io::require_int(config, "r", place);
  result.alpha = io::require_double(config, "lora_alpha", place);
  result.dropout = io::get_double(config, "lora_dropout", 0.0, place);
  result.rank_stabilised = io::get_bool(config, "use_rslora", false, place);
  const nlohmann::json& targets = io::require(config, "target_modules", place);
  if (targets.is_string()) {
    result.targets = {targets.get<std::string>()};
  } else {
    result.targets = io::require_strings(config, "target_modules", place);
  }
  std::sort(result.targets.begin(), result.targets.end());
  return result;
}

Weight factor(const io::SafetensorsTensor& tensor, int64_t rows, int64_t cols) {
  Weight weight = io::to_weight(tensor);
  if (weight.rows != rows || weight.cols != cols) {
    fail("train.peft", fmt::format("{}: expected {} x {} values, got {} x {}. The adapter belongs "
                                   "to another model.", tensor.place, rows, cols, weight.rows,
                                   weight.cols));
  }
  return weight;
}

// Before memory is asked for, so that a rank from the configuration alone cannot ask for much.
void check_file(const io::Safetensors& file, const std::vector<AdapterModule>& modules) {
  for (const AdapterModule& module : modules) {
    factor(file.tensor(tensor_name(module, "lora_A")), module.rank, module.in);
    factor(file.tensor(tensor_name(module, "lora_B")), module.out, module.rank);
  }
  if (file.tensors().size() == 2 * modules.size()) return;
  fail("train.peft", fmt::format("{}: holds {} tensors, but {} belong to this model's linears. The "
                                 "adapter belongs to another model.", file.path().string(),
                                 file.tensors().size(), 2 * modules.size()));
}

void read_factor(const io::SafetensorsTensor& tensor, MatView<float> out) {
  quant::decode_rows(factor(tensor, out.rows, out.cols), 0, out);
  for (int64_t i = 0; i < out.size(); ++i) {
    if (std::isfinite(out.data[i])) continue;
    fail("train.peft", fmt::format("{}: value {} is not a finite number. The adapter is damaged.",
                                   tensor.place, i));
  }
}

void transpose(MatView<const float> x, MatView<float> y) {
  for (int64_t i = 0; i < x.rows; ++i) {
    for (int64_t j = 0; j < x.cols; ++j) y.row(j)[i] = x.row(i)[j];
  }
}

}  // namespace

void save_peft(const std::filesystem::path& folder, const Adapter& adapter,
               const std::string& base) {
  std::vector<Matrix<float>> transposed;
  std::vector<io::SafetensorsOutput> tensors;
  const auto bytes = [](MatView<const float> m) {
    return std::as_bytes(std::span(m.data, size_t(m.size())));
  };
  for (const AdapterModule& module : adapter.modules()) {
    transposed.emplace_back(module.out, module.rank);
    transpose(adapter.b(module), transposed.back().view());
    tensors.push_back({tensor_name(module, "lora_A"), "F32", {module.rank, module.in},
                       bytes(adapter.a(module))});
    tensors.push_back({tensor_name(module, "lora_B"), "F32", {module.out, module.rank},
                       bytes(transposed.back().view())});
  }
  io::write_safetensors(folder / "adapter_model.safetensors", tensors, {{"format", "pt"}});
  write_file(folder / "adapter_config.json",
             io::dump_json(config_json(adapter, base), 2) + "\n");
}

std::unique_ptr<Adapter> load_peft(const std::filesystem::path& folder, arch::Model& model,
                                   DType compute) {
  const auto config_path = folder / "adapter_config.json";
  const AdapterConfig config = read_config(io::load_json(config_path), config_path.string());
  const auto file = io::Safetensors::open(folder / "adapter_model.safetensors");
  check_file(file, adapter_modules(model, config));
  auto adapter = std::make_unique<Adapter>(model, compute, config, 0);
  for (const AdapterModule& module : adapter->modules()) {
    read_factor(file.tensor(tensor_name(module, "lora_A")), adapter->a(module));
    Matrix<float> b(module.out, module.rank);
    read_factor(file.tensor(tensor_name(module, "lora_B")), b.view());
    transpose(b.view(), adapter->b(module));
  }
  adapter->sync();
  return adapter;
}

}  // namespace relatum::train
