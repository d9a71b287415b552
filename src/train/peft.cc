// Reads an adapter as PEFT does.
#include "train/peft.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "io/json.h"
#include "train/gguf_lora.h"
#include "train/peft_config.h"
#include "train/peft_file.h"

namespace relatum::train {
namespace {

constexpr const char* kHead = "lm_head";

bool has(std::span<const std::string> names, const std::string& name) {
  return std::ranges::count(names, name) > 0;
}

// By PEFT's rule for modules_to_save: the end of the module's name.
bool is_listed(const std::string& module, std::span<const std::string> ends) {
  return std::ranges::any_of(ends, [&](const std::string& end) { return module.ends_with(end); });
}

/// Whole modules of an adapter's file, and those of which some rows were trained.
struct OwnModules {
  std::vector<std::string> whole;
  std::map<std::string, std::vector<int64_t>> rows;
};

// Which savable modules trainable_token_indices means.
std::map<std::string, std::vector<int64_t>> token_rows(const PeftConfig& config,
                                                       std::span<const std::string> savable,
                                                       const std::string& place) {
  std::map<std::string, std::vector<int64_t>> rows;
  for (const auto& [named, tokens] : config.tokens) {
    const std::string& end = named;  // clang 14 captures no structured binding
    const auto module = std::ranges::find_if(
        savable, [&](const std::string& name) { return name.ends_with(end); });
    if (module == savable.end() || savable.size() != 2) {
      fail("train.peft", fmt::format("{}: 'trainable_token_indices' is set for '{}', which is only "
                                     "supported for the embedding and the head of a model without "
                                     "an encoder. Merge the adapter into its base with PEFT.",
                                     place, end.empty() ? "the embedding" : end));
    }
    if (is_listed(*module, config.saved_modules)) {
      fail("train.peft", fmt::format("{}: '{}' stands in 'modules_to_save' and in "
                                     "'trainable_token_indices' (PEFT refuses it, too).",
                                     place, *module));
    }
    if (!rows.emplace(*module, tokens).second) {
      fail("train.peft", fmt::format("{}: 'trainable_token_indices' names '{}' twice. Keep one of "
                                     "the two.",
                                     place, *module));
    }
  }
  return rows;
}

// Decides which modules are the adapter's own, and whether head and embedding are one. A tensor
// that no setting lists is, to PEFT, the base's own parameter with another value, which a tied head
// shares; so are trained rows of an embedding.
void settle_saved(const arch::Model& model, const OwnModules& own, const PeftConfig& from,
                  AdapterConfig& config, const std::string& place) {
  const std::vector<std::string> savable = savable_modules(model);
  config.saved = own.whole;
  for (const auto& [module, rows] : own.rows) {
    if (!has(config.saved, module)) config.saved.push_back(module);
  }
  if (config.saved.empty()) {
    config.tie_saved = false;
    return;
  }
  const bool embedding = is_listed(savable[0], from.saved_modules);
  const bool head = is_listed(kHead, from.saved_modules);
  const bool unlisted = std::ranges::any_of(
      own.whole, [&](const std::string& module) { return !is_listed(module, from.saved_modules); });
  const auto rows = own.rows.find(savable[0]), head_rows = own.rows.find(kHead);
  const bool same_rows = rows != own.rows.end() &&
                         (head_rows == own.rows.end() || head_rows->second == rows->second);
  const bool kept = from.adapter.tie_saved && embedding;
  config.tie_saved = !model.info().own_head &&
                     (kept || (!embedding && !head && (unlisted || same_rows)));
  if (!config.tie_saved) return;
  if (savable.size() > 2) {
    fail("train.peft", fmt::format("{}: head and embeddings are one in this encoder-decoder, and "
                                   "the adapter has trained them so, which is not supported. List "
                                   "them in modules_to_save without ensure_weight_tying, or merge "
                                   "the adapter into its base with PEFT.",
                                   place));
  }
  if (!has(config.saved, savable[0])) config.saved.push_back(savable[0]);
}

void read_saved(const PeftFile& file, const OwnModules& own, Adapter& adapter,
                const std::string& place) {
  int64_t read = -1;  // offset of the last that was read
  for (const SavedModule& module : adapter.saved()) {
    MatView<float> values = adapter.values_of_saved(module);
    const auto rows = own.rows.find(module.name);
    if (rows != own.rows.end()) {
      if (read != module.offset) file.read_tokens(module.name, rows->second, values);
    } else if (read != module.offset) {
      if (!file.read_saved(module.name, values)) continue;
    } else {
      Matrix<float> twin(module.rows, module.cols);
      if (file.read_saved(module.name, twin.view()) &&
          !std::equal(twin.row(0), twin.row(0) + values.size(), values.data)) {
        fail("train.peft",
             fmt::format("{}: head and embedding are one in the base, and the adapter "
                         "has two that differ. Leave one of them out, or list both "
                         "in modules_to_save without ensure_weight_tying.",
                         place));
      }
    }
    read = module.offset;
  }
}

void read_pairs(const PeftFile& file, Adapter& adapter) {
  for (const AdapterModule& module : adapter.modules()) {
    file.read(module, "lora_A.weight", adapter.a(module));
    Matrix<float> b(module.out, module.rank);
    file.read(module, "lora_B.weight", b.view());
    const MatView<float> to = adapter.b(module);
    for (int64_t n = 0; n < module.out; ++n) {
      for (int64_t r = 0; r < module.rank; ++r) to.row(r)[n] = b.row(n)[r];
    }
    if (module.m_offset < 0) continue;
    file.read(module, "lora_magnitude_vector", adapter.magnitudes(module));
  }
}

}  // namespace

std::unique_ptr<Adapter> load_peft(const std::filesystem::path& folder, const arch::Model& model,
                                   DType compute) {
  if (io::GgufFile::recognise(folder)) return load_gguf_lora(folder, model, compute);
  check_adapter_folder(folder);
  const auto config_path = folder / "adapter_config.json";
  std::vector<std::string> linears;
  for (const nn::Linear* linear : model.linears()) {
    for (const auto& part : linear->parts()) linears.push_back(part.name);
  }
  const std::string text = read_file(config_path);
  const nlohmann::json parsed = io::parse_json(text, config_path.string());
  const PatternOrder order{io::keys_in_order(text, "rank_pattern"),
                           io::keys_in_order(text, "alpha_pattern")};
  const PeftConfig config = read_peft_config(parsed, linears, config_path.string(), order);
  const PeftFile file(folder / "adapter_model.safetensors");
  AdapterConfig settings = config.adapter;
  const auto modules = adapter_modules(model, settings);
  file.check_pairs(modules);  // before a rank from the configuration alone can ask for memory
  const std::vector<std::string> savable = savable_modules(model);
  OwnModules own{{}, token_rows(config, savable, config_path.string())};
  std::vector<std::string> tokens;
  for (const auto& [module, rows] : own.rows) tokens.push_back(module);
  own.whole = file.check_others(modules,
                                {savable, config.saved_modules, tokens, model.info().path});
  const std::string tensors = (folder / "adapter_model.safetensors").string();
  settle_saved(model, own, config, settings, tensors);
  auto adapter = std::make_unique<Adapter>(model, compute, settings, 0);
  read_pairs(file, *adapter);
  read_saved(file, own, *adapter, tensors);
  adapter->sync();
  return adapter;
}

}  // namespace relatum::train
