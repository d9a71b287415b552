// PEFT's rules for targets, exclusions, layers and patterns.
#include "train/peft_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "text/python_pattern.h"

namespace relatum::train {
namespace {

using nlohmann::json;
using text::PythonPattern;

// Keys that are read below, or that change neither what is adapted nor by how much: PEFT itself
// passes over an initialisation's settings once the adapter is trained.
constexpr std::array kHarmless = {"peft_type",
                                  "task_type",
                                  "auto_mapping",
                                  "peft_version",
                                  "base_model_name_or_path",
                                  "revision",
                                  "inference_mode",
                                  "r",
                                  "lora_alpha",
                                  "lora_dropout",
                                  "use_rslora",
                                  "use_dora",
                                  "target_modules",
                                  "exclude_modules",
                                  "modules_to_save",
                                  "trainable_token_indices",
                                  "layers_to_transform",
                                  "layers_pattern",
                                  "rank_pattern",
                                  "alpha_pattern",
                                  "bias",
                                  "init_lora_weights",
                                  "loftq_config",
                                  "eva_config",
                                  "corda_config",
                                  "lora_ga_config",
                                  "megatron_core",
                                  "qalora_group_size",
                                  "runtime_config",
                                  "ensure_weight_tying"};

// Initialisations that set the pairs alone; the others start from a changed base.
constexpr std::array kPlainStarts = {"gaussian", "eva", "orthogonal"};

// Settings of their own kind that PEFT takes for none where they are empty; of others an empty
// object means its defaults.
constexpr std::array kNothingIfEmpty = {"megatron_config", "velora_config", "monteclora_config"};

constexpr int64_t kMostRank = 4096;

/// True where a key says anything but nothing.
bool is_set(const std::string& key, const json& value) {
  if (value.is_null() || (value.is_array() && value.empty())) return false;
  if (value.is_object() && value.empty()) return std::ranges::count(kNothingIfEmpty, key) == 0;
  return !(value.is_boolean() && !value.get<bool>());
}

void refuse_what_is_not_known(const json& config, const std::string& place) {
  const std::string type = io::require_string(config, "peft_type", place);
  if (type != "LORA") {
    fail("train.peft", fmt::format("{}: the adapter's peft_type is '{}', and only LORA is "
                                   "supported.",
                                   place, printable_start(type)));
  }
  for (const auto& [key, value] : config.items()) {
    if (!is_set(key, value) || std::count(kHarmless.begin(), kHarmless.end(), key)) continue;
    fail("train.peft", fmt::format("{}: '{}' is set, which is not supported. Train the adapter "
                                   "without it, or merge it into its base with PEFT.",
                                   place, printable_start(key)));
  }
  if (io::get_string(config, "bias", "none", place) != "none") {
    fail("train.peft",
         fmt::format("{}: 'bias' is '{}': trained biases are not supported, only "
                     "\"none\".",
                     place, printable_start(io::get_string(config, "bias", "", place))));
  }
  const json* start = io::find(config, "init_lora_weights");
  if (!start || start->is_boolean()) return;
  const std::string name = io::require_string(config, "init_lora_weights", place);
  if (std::count(kPlainStarts.begin(), kPlainStarts.end(), name)) return;
  fail("train.peft", fmt::format("{}: 'init_lora_weights' is '{}', which may start from other base "
                                 "weights than the model's file holds. Save it with PEFT as plain "
                                 "LoRA (path_initial_model_for_weight_conversion).",
                                 place, printable_start(name)));
}

/// A list of names or their ends, or one expression for whole names: PEFT's two ways.
class NameRule {
 public:
  NameRule(const json& config, const char* key, const std::string& place) {
    const json* value = io::find(config, key);
    if (!value) return;
    if (value->is_string()) {
      text_ = value->get<std::string>();
      if (!text_.empty()) pattern_.emplace(text_, fmt::format("{}: '{}'", place, key));
    } else {
      names_ = io::require_strings(config, key, place);
    }
  }

  bool empty() const { return !pattern_ && names_.empty(); }
  bool is_expression() const { return pattern_.has_value(); }
  /// For messages.
  std::string shown() const {
    return printable_start(is_expression() ? text_ : fmt::format("{}", fmt::join(names_, ", ")));
  }
  bool has(const std::string& name) const {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  }
  bool matches(const std::string& name) const {
    if (pattern_) return pattern_->matches_whole(name);
    return std::any_of(names_.begin(), names_.end(), [&](const std::string& end) {
      return name == end || name.ends_with("." + end);
    });
  }

 private:
  std::string text_;
  std::vector<std::string> names_;
  std::optional<PythonPattern> pattern_;
};

/// layers_to_transform and layers_pattern, which narrow a list of names' ends.
class LayerRule {
 public:
  LayerRule(const json& config, const std::string& place) {
    read_layers(config, place);
    const bool one_string = io::require(config, "target_modules", place).is_string();
    const NameRule patterns(config, "layers_pattern", place);
    for (const char* key : {"layers_to_transform", "layers_pattern"}) {
      if (!one_string || !io::find(config, key)) continue;
      fail("train.peft", fmt::format("{}: '{}' cannot stand beside 'target_modules' as one string, "
                                     "an expression or all-linear (PEFT refuses it, too).",
                                     place, key));
    }
    if (!given_) {
      if (patterns.empty()) return;
      fail("train.peft", fmt::format("{}: 'layers_pattern' is set without 'layers_to_transform' "
                                     "(PEFT refuses it, too).",
                                     place));
    }
    read_patterns(config, place);
  }

  bool given() const { return given_; }
  bool matches(const std::string& name) const {
    std::string digits;
    for (const PythonPattern& pattern : patterns_) {
      if (!pattern.matches_start(name, &digits)) continue;
      const auto known = [&](int64_t layer) { return std::to_string(layer) == digits; };
      return std::any_of(layers_.begin(), layers_.end(), known);
    }
    return false;
  }

 private:
  void read_layers(const json& config, const std::string& place) {
    const json* layers = io::find(config, "layers_to_transform");
    if (!layers) return;
    if (layers->is_array()) layers_ = io::require_ints(config, "layers_to_transform", place);
    else layers_ = {io::require_int(config, "layers_to_transform", place)};
    given_ = !layers_.empty();
  }

  void read_patterns(const json& config, const std::string& place) {
    const std::string where = place + ": 'layers_pattern'";
    const json* value = io::find(config, "layers_pattern");
    std::vector<std::string> names;
    if (value && value->is_string()) names = {value->get<std::string>()};
    else if (value) names = io::require_strings(config, "layers_pattern", place);
    std::erase(names, "");
    for (const std::string& name : names) {
      patterns_.emplace_back(fmt::format(R"((?:^|.*?\.)(?:{})\.(\d+)\.)", name), where);
    }
    if (names.empty()) patterns_.emplace_back(R"(.*?\.[^.]*\.(\d+)\.)", where);
  }

  bool given_ = false;
  std::vector<int64_t> layers_;
  std::vector<PythonPattern> patterns_;
};

/// rank_pattern or alpha_pattern: the file's first key that matches the end of a module's name.
class PatternValues {
 public:
  /// `order`: the keys as the file has them; empty: by name.
  PatternValues(const json& config, const char* key, const std::vector<std::string>& order,
                const std::string& place) {
    if (!io::find(config, key)) return;
    const std::string where = fmt::format("{}: '{}'", place, key);
    const json& values = io::require_object(config, key, place);
    std::vector<std::string> patterns = order;
    if (patterns.empty()) {
      for (const auto& [pattern, value] : values.items()) patterns.push_back(pattern);
    }
    for (const std::string& pattern : patterns) {
      entries_.emplace_back(PythonPattern(fmt::format(R"((?:.*\.)?(?:{}))", pattern), where),
                            io::require_double(values, pattern, where));
    }
  }

  std::optional<double> find(const std::string& name) const {
    for (const auto& [pattern, value] : entries_) {
      if (pattern.matches_whole(name)) return value;
    }
    return std::nullopt;
  }

 private:
  std::vector<std::pair<PythonPattern, double>> entries_;
};

std::string lower(std::string text) {
  for (char& c : text) c = char(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// Which of the linears PEFT would adapt.
std::vector<std::string> chosen(const json& config, std::span<const std::string> linears,
                                const std::vector<std::string>& saved, const std::string& place) {
  const json& value = io::require(config, "target_modules", place);
  if (value.is_null()) {
    fail("train.peft",
         fmt::format("{}: 'target_modules' is null, and which linears PEFT then takes "
                     "depends on its version. Name them.",
                     place));
  }
  const bool all = value.is_string() && lower(value.get<std::string>()) == "all-linear";
  const NameRule targets(all ? json::object() : config, "target_modules", place);
  const NameRule excluded(config, "exclude_modules", place);
  const LayerRule layers(config, place);
  std::vector<PythonPattern> kept_whole;
  for (const std::string& module : saved) {
    kept_whole.push_back(saved_module_pattern(module, place + ": 'modules_to_save'"));
  }
  std::vector<std::string> names;
  std::set<std::string> ends;
  for (const std::string& name : linears) {
    ends.insert(name.substr(name.rfind('.') + 1));
    if (excluded.matches(name)) continue;
    const auto holds = [&](const PythonPattern& pattern) { return pattern.matches_start(name); };
    if (std::any_of(kept_whole.begin(), kept_whole.end(), holds)) continue;
    const bool narrowed = layers.given() && !all && !targets.has(name);
    if ((all || targets.matches(name)) && (!narrowed || layers.matches(name))) {
      names.push_back(name);
    }
  }
  if (!names.empty()) return names;
  fail("train.peft",
       fmt::format("{}: 'target_modules' ({}){} names no linear of the model, which "
                   "has {}.",
                   place, all ? "all-linear" : targets.shown(),
                   excluded.empty() ? "" : " without 'exclude_modules'", fmt::join(ends, ", ")));
}

/// trainable_token_indices: one list, or a list for each module.
std::map<std::string, std::vector<int64_t>> trained_tokens(const json& config,
                                                           const std::string& place) {
  constexpr const char* kKey = "trainable_token_indices";
  const json* value = io::find(config, kKey);
  if (!value || value->empty()) return {};
  if (value->is_array()) return {{"", io::require_ints(config, kKey, place)}};
  std::map<std::string, std::vector<int64_t>> tokens;
  const json& modules = io::require_object(config, kKey, place);
  for (const auto& [module, indices] : modules.items()) {
    tokens[module] = io::require_ints(modules, module, fmt::format("{}: '{}'", place, kKey));
  }
  return tokens;
}

int64_t rank_of(double rank, const std::string& place) {
  if (rank >= 1 && rank <= double(kMostRank) && rank == std::floor(rank)) return int64_t(rank);
  fail("train.peft",
       fmt::format("{} is {}: expected a whole number from 1 to {}.", place, rank, kMostRank));
}

void check_alpha(double alpha, const std::string& place) {
  if (std::isfinite(float(alpha))) return;
  fail("train.peft", fmt::format("{} is {}: expected a number near the rank.", place, alpha));
}

}  // namespace

void check_peft_keys(const json& config, const std::string& place) {
  refuse_what_is_not_known(config, place);
}

PeftConfig read_peft_config(const json& config, std::span<const std::string> linears,
                            const std::string& place, const PatternOrder& order) {
  refuse_what_is_not_known(config, place);
  PeftConfig result;
  AdapterConfig& adapter = result.adapter;
  adapter.rank = rank_of(double(io::require_int(config, "r", place)), place + ": 'r'");
  adapter.alpha = io::require_double(config, "lora_alpha", place);
  check_alpha(adapter.alpha, place + ": 'lora_alpha'");
  adapter.dropout = io::get_double(config, "lora_dropout", 0.0, place);
  adapter.rank_stabilised = io::get_bool(config, "use_rslora", false, place);
  adapter.magnitudes = io::get_bool(config, "use_dora", false, place);
  adapter.tie_saved = io::get_bool(config, "ensure_weight_tying", false, place);
  result.tokens = trained_tokens(config, place);
  if (io::find(config, "modules_to_save")) {
    result.saved_modules = io::require_strings(config, "modules_to_save", place);
  }
  adapter.targets = chosen(config, linears, result.saved_modules, place);
  const PatternValues ranks(config, "rank_pattern", order.ranks, place);
  const PatternValues alphas(config, "alpha_pattern", order.alphas, place);
  for (const std::string& name : adapter.targets) {
    const double rank = ranks.find(name).value_or(double(adapter.rank));
    const double alpha = alphas.find(name).value_or(adapter.alpha);
    if (rank == double(adapter.rank) && alpha == adapter.alpha) continue;
    check_alpha(alpha, fmt::format("{}: 'alpha_pattern' of {}", place, name));
    const std::string where = fmt::format("{}: 'rank_pattern' of {}", place, name);
    adapter.own.insert({name, {rank_of(rank, where), alpha}});
  }
  return result;
}

PythonPattern saved_module_pattern(const std::string& module, const std::string& place) {
  return PythonPattern(fmt::format(R"((?:^|.*\.)(?:{})(?:$|\..*))", module), place);
}

}  // namespace relatum::train
