// The two files of a PEFT adapter.
#include "train/peft.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/atomic_file.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "train/gguf_lora.h"
#include "train/peft_config.h"
#include "train/peft_file.h"

namespace relatum::train {
namespace {

std::string tensor_name(const AdapterModule& module, const char* factor) {
  return fmt::format("{}{}.{}.weight", kPeftPrefix, module.name, factor);
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
  // A name as a pattern: its dots match dots, among others that no linear's name has.
  nlohmann::json ranks = nlohmann::json::object(), alphas = nlohmann::json::object();
  for (const auto& [name, own] : config.own) {
    if (own.rank != config.rank) ranks[name] = own.rank;
    if (own.alpha != config.alpha) alphas[name] = own.alpha;
  }
  return {{"peft_type", "LORA"},
          {"task_type", adapter.encoder_decoder() ? "SEQ_2_SEQ_LM" : "CAUSAL_LM"},
          {"base_model_name_or_path", base},
          {"r", config.rank},
          {"lora_alpha", config.alpha},
          {"lora_dropout", config.dropout},
          {"target_modules", targets},
          {"bias", "none"},
          {"fan_in_fan_out", false},
          {"inference_mode", true},
          {"init_lora_weights", true},
          {"use_rslora", config.rank_stabilised},
          {"use_dora", false},
          {"modules_to_save", nullptr},
          {"rank_pattern", ranks},
          {"alpha_pattern", alphas},
          {"layers_to_transform", nullptr},
          {"layers_pattern", nullptr},
          {"revision", nullptr}};
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
    tensors.push_back(
        {tensor_name(module, "lora_A"), "F32", {module.rank, module.in}, bytes(adapter.a(module))});
    tensors.push_back({tensor_name(module, "lora_B"),
                       "F32",
                       {module.out, module.rank},
                       bytes(transposed.back().view())});
  }
  io::write_safetensors(folder / "adapter_model.safetensors", tensors, {{"format", "pt"}});
  write_file(folder / "adapter_config.json", io::dump_json(config_json(adapter, base), 2) + "\n");
}

std::unique_ptr<Adapter> load_peft(const std::filesystem::path& folder, const arch::Model& model,
                                   DType compute) {
  if (io::GgufFile::recognise(folder)) return load_gguf_lora(folder, model, compute);
  check_adapter_folder(folder);
  const auto config_path = folder / "adapter_config.json";
  std::vector<std::string> linears;
  for (const nn::Linear* linear : model.linears()) {
    for (const auto& part : linear->parts()) linears.push_back(part.name);
  }
  const PeftConfig config = read_peft_config(io::load_json(config_path), linears,
                                             config_path.string());
  const PeftFile file(folder / "adapter_model.safetensors");
  const auto modules = adapter_modules(model, config.adapter);
  file.check_pairs(modules);  // before a rank from the configuration alone can ask for memory
  file.check_others(modules, config.saved_modules, model.info().path);
  auto adapter = std::make_unique<Adapter>(model, compute, config.adapter, 0);
  for (const AdapterModule& module : adapter->modules()) {
    file.read(module, "lora_A", adapter->a(module));
    Matrix<float> b(module.out, module.rank);
    file.read(module, "lora_B", b.view());
    transpose(b.view(), adapter->b(module));
  }
  adapter->sync();
  return adapter;
}

}  // namespace relatum::train
