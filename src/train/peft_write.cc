// Writes an adapter as PEFT does.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/atomic_file.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "train/peft.h"
#include "train/peft_file.h"

namespace relatum::train {
namespace {

// Pairs that begin at the base's principal part (PiSSA) are written with what the base lacks beside
// them, [A; A0] and [B, -B0]: a pair of twice the rank on the base as its files hold it, as PEFT
// converts them. This is the alpha that gives such pairs the scale that they have.
double doubled_alpha(const AdapterConfig& config, double alpha) {
  return alpha * (config.rank_stabilised ? std::sqrt(2.0) : 2.0);
}

std::string tensor_name(const AdapterModule& module, const char* part) {
  return fmt::format("{}{}.{}", kPeftPrefix, module.name, part);
}

// A name as a pattern: its dots match dots, among others that no linear's name has. `twice`:
// pairs are written beside what the base lacks.
void add_own_ranks(const AdapterConfig& config, bool twice, nlohmann::json& result) {
  nlohmann::json ranks = nlohmann::json::object(), alphas = nlohmann::json::object();
  for (const auto& [name, own] : config.own) {
    if (own.rank != config.rank) ranks[name] = twice ? 2 * own.rank : own.rank;
    if (own.alpha == config.alpha) continue;
    alphas[name] = twice ? doubled_alpha(config, own.alpha) : own.alpha;
  }
  result["rank_pattern"] = ranks;
  result["alpha_pattern"] = alphas;
}

std::vector<std::string> names_of_saved(const Adapter& adapter) {
  std::vector<std::string> names;
  for (const SavedModule& module : adapter.saved()) {
    const bool tied = !names.empty() && module.offset == adapter.saved()[0].offset;
    if (!tied) names.push_back(module.name);
  }
  return names;
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
  const bool twice = !adapter.removed().empty();
  const std::vector<std::string> saved = names_of_saved(adapter);
  nlohmann::json result{
      {"peft_type", "LORA"},
      {"task_type", adapter.encoder_decoder() ? "SEQ_2_SEQ_LM"
                    : adapter.encoder()       ? "FEATURE_EXTRACTION"
                                              : "CAUSAL_LM"},
      {"base_model_name_or_path", base},
      {"r", twice ? 2 * config.rank : config.rank},
      {"lora_alpha", twice ? doubled_alpha(config, config.alpha) : config.alpha},
      {"lora_dropout", config.dropout},
      {"target_modules", targets},
      {"bias", "none"},
      {"fan_in_fan_out", false},
      {"inference_mode", true},
      {"init_lora_weights", true},
      {"use_rslora", config.rank_stabilised},
      {"use_dora", config.magnitudes},
      {"modules_to_save", saved.empty() ? nlohmann::json() : nlohmann::json(saved)},
      {"layers_to_transform", nullptr},
      {"layers_pattern", nullptr},
      {"revision", nullptr}};
  if (!saved.empty() && config.tie_saved) result["ensure_weight_tying"] = true;
  add_own_ranks(config, twice, result);
  return result;
}

// lora_A: R x K; behind its rows those that the base lacks.
Matrix<float> written_a(const Adapter& adapter, const AdapterModule& m) {
  const std::span<const float> removed = adapter.removed();
  Matrix<float> a((removed.empty() ? 1 : 2) * m.rank, m.in);
  std::copy_n(adapter.a(m).data, m.rank * m.in, a.row(0));
  if (!removed.empty()) std::copy_n(removed.data() + m.a_offset, m.rank * m.in, a.row(m.rank));
  return a;
}

// lora_B: N x R; beside its columns those that the base lacks, taken away.
Matrix<float> written_b(const Adapter& adapter, const AdapterModule& m) {
  const std::span<const float> removed = adapter.removed();
  Matrix<float> b(m.out, (removed.empty() ? 1 : 2) * m.rank);
  const auto values = adapter.b(m);
  for (int64_t n = 0; n < m.out; ++n) {
    for (int64_t r = 0; r < m.rank; ++r) {
      b.row(n)[r] = values.row(r)[n];
      if (!removed.empty()) b.row(n)[m.rank + r] = -removed[size_t(m.b_offset + r * m.out + n)];
    }
  }
  return b;
}

}  // namespace

void save_peft(const std::filesystem::path& folder, const Adapter& adapter,
               const std::string& base) {
  std::vector<Matrix<float>> pairs;  // in PEFT's layout
  std::vector<io::SafetensorsOutput> tensors;
  const auto add = [&](std::string name, std::vector<int64_t> shape, MatView<const float> values) {
    tensors.push_back({std::move(name), "F32", std::move(shape),
                       std::as_bytes(std::span(values.data, size_t(values.size())))});
  };
  for (const AdapterModule& module : adapter.modules()) {
    const int64_t rank = module.rank * (adapter.removed().empty() ? 1 : 2);
    for (const bool second : {false, true}) {
      pairs.push_back(second ? written_b(adapter, module) : written_a(adapter, module));
      const std::vector<int64_t> shape = second ? std::vector{module.out, rank}
                                                : std::vector{rank, module.in};
      add(tensor_name(module, second ? "lora_B.weight" : "lora_A.weight"), shape,
          pairs.back().view());
    }
    if (module.m_offset < 0) continue;
    add(tensor_name(module, "lora_magnitude_vector"), {module.out}, adapter.magnitudes(module));
  }
  for (const SavedModule& module : adapter.saved()) {
    add(fmt::format("{}{}.weight", kPeftPrefix, module.name), {module.rows, module.cols},
        adapter.values_of_saved(module));
  }
  io::write_safetensors(folder / "adapter_model.safetensors", std::move(tensors),
                        {{"format", "pt"}});
  write_file(folder / "adapter_config.json", io::dump_json(config_json(adapter, base), 2) + "\n");
}

}  // namespace relatum::train
