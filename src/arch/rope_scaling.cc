// Kinds of scaling as config.json and as GGUF spell them.
#include "arch/rope_scaling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <span>

#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"

namespace relatum::arch {
namespace {

using nlohmann::json;

struct Llama3 {
  double factor, low, high, context;
};

// Long wavelengths are slowed by the factor, short ones kept, what is between is blended.
double scaled(double frequency, const Llama3& rule) {
  const double wavelength = 2 * std::numbers::pi / frequency;
  if (wavelength < rule.context / rule.high) return frequency;
  if (wavelength > rule.context / rule.low) return frequency / rule.factor;
  const double blend = (rule.context / wavelength - rule.low) / (rule.high - rule.low);
  return (1 - blend) * frequency / rule.factor + blend * frequency;
}

constexpr double kYarnFast = 32, kYarnSlow = 1;

struct Yarn {
  double factor, theta, context;              // the context that it was trained with at first
  double fast = kYarnFast, slow = kYarnSlow;  // turns within it: more are kept, fewer are slowed
  bool whole = true;                          // borders are rounded to whole pairs
};

void scale_by_yarn(const Yarn& rule, std::vector<float>& frequencies) {
  const auto half = double(frequencies.size());
  // The pair that turns so often within the original context.
  const auto pair_of = [&](double turns) {
    return half * std::log(rule.context / (turns * 2 * std::numbers::pi)) / std::log(rule.theta);
  };
  double low = pair_of(rule.fast), high = pair_of(rule.slow);
  if (rule.whole) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, 2 * half - 1);
  if (low == high) high += 0.001;
  for (size_t i = 0; i < frequencies.size(); ++i) {
    const double slowed = std::clamp((double(i) - low) / (high - low), 0.0, 1.0);
    const double frequency = frequencies[i];
    frequencies[i] = float(frequency / rule.factor * slowed + frequency * (1 - slowed));
  }
}

double longrope_magnitude(double factor, double context) {
  return factor <= 1 ? 1.0 : std::sqrt(1 + std::log(factor) / std::log(context));
}

void divide(std::vector<float>& frequencies, std::span<const float> divisors) {
  for (size_t i = 0; i < frequencies.size(); ++i) frequencies[i] /= divisors[i];
}

// Scaling as config.json has it.
class ConfigScaling {
 public:
  ConfigScaling(const ModelFiles& files, const json& scaling, int64_t unsaid_context)
      : files_(files), scaling_(scaling), unsaid_context_(unsaid_context),
        place_(files.settings_place()) {
    if (!scaling.is_object()) {
      fail("arch.rope",
           fmt::format("{}: the rotary scaling is {}, expected a JSON object. Fetch the "
                       "model's settings again.",
                       place_, printable_start(io::dump_json(scaling), 60)));
    }
    type_ = type_of(scaling);
  }

  RopeScaling apply(double theta, std::vector<float>& frequencies) const {
    check_keys();
    if (type_ == "linear") {
      const double factor = number("factor");
      for (float& frequency : frequencies) frequency = float(double(frequency) / factor);
      return {.type = type_, .stretch = factor};
    } else if (type_ == "llama3") {
      const Llama3 rule{number("factor"), number("low_freq_factor"), number("high_freq_factor"),
                        context()};
      for (float& frequency : frequencies) frequency = float(scaled(double(frequency), rule));
    } else if (type_ == "yarn") {
      Yarn rule{factor(), theta, context()};
      rule.fast = optional("beta_fast", rule.fast);
      rule.slow = optional("beta_slow", rule.slow);
      // Zero is the same as nothing to transformers.
      if (rule.fast == 0) rule.fast = kYarnFast;
      if (rule.slow == 0) rule.slow = kYarnSlow;
      rule.whole = io::get_bool(scaling_, "truncate", true, place_);
      scale_by_yarn(rule, frequencies);
      return {magnitude_of_yarn(rule.factor), 0, type_, rule.factor, rule.context};
    } else if (type_ == "longrope") {
      divide(frequencies, divisors("short_factor", frequencies.size()));
      divisors("long_factor", frequencies.size());  // not used, but must be sound
      return {float(optional("attention_factor", longrope_magnitude(factor(), context()))),
              int64_t(context()), type_, factor(), context()};
    }
    return {.type = type_};
  }

  // Whether another object of the same file says the same, however it is written.
  bool same_as(const ConfigScaling& other) const {
    return type_ == other.type_ && told() == other.told();
  }

 private:
  // "rope_type", "type" in older files.
  std::string type_of(const json& scaling) const {
    const std::string old = io::get_string(scaling, "type", "", place_);
    const std::string type = io::get_string(scaling, "rope_type", old, place_);
    if (!old.empty() && old != type) {
      fail("arch.rope", fmt::format("{}: the rotary scaling is of type '{}' and of rope_type "
                                    "'{}'. Keep the one that is meant.",
                                    place_, old, type));
    }
    if (type == "su") return "longrope";  // as it was called at first
    return type.empty() ? "default" : type;
  }

  // What each type reads.
  std::vector<std::string_view> keys() const {
    if (type_ == "default") return {};
    if (type_ == "linear" || type_ == "dynamic") return {"factor"};
    if (type_ == "llama3") return {"factor", "low_freq_factor", "high_freq_factor"};
    if (type_ == "yarn") {
      return {"factor",         "beta_fast",        "beta_slow", "mscale",
              "mscale_all_dim", "attention_factor", "truncate",  "finetuned"};
    }
    if (type_ == "longrope") return {"factor", "short_factor", "long_factor", "attention_factor"};
    fail("arch.rope",
         fmt::format("{}: rope_scaling of type '{}' is not known. Known are default, "
                     "linear, dynamic, llama3, yarn and longrope. Use a model with one "
                     "of these.",
                     place_, printable_start(type_)));
  }

  // Every key of a scaling is read for its type, or refused.
  void check_keys() const {
    const auto known = keys();
    for (const auto& [key, value] : scaling_.items()) {
      const bool neutral = (key == "partial_rotary_factor" || key == "factor") && value == 1.0;
      // Without types that read it, the original context serves nothing.
      const bool everywhere = key == "type" || key == "rope_type" || key == "rope_theta" ||
                              key == "original_max_position_embeddings";
      if (value.is_null() || neutral || everywhere) continue;
      if (std::ranges::find(known, key) != known.end()) continue;
      fail("arch.rope",
           fmt::format("{}: '{}' ({}) of the rotary scaling of type '{}' is not known. Use a model "
                       "without it.",
                       place_, printable_start(key), printable_start(io::dump_json(value), 60),
                       type_));
    }
  }

  json told() const {
    json result = scaling_;
    for (const char* key : {"type", "rope_type", "rope_theta"}) result.erase(key);
    for (auto it = result.begin(); it != result.end();) {
      const bool neutral = it.value().is_null() || (it.key() == "factor" && it.value() == 1.0);
      it = neutral ? result.erase(it) : std::next(it);
    }
    return result;
  }

  double number(const char* key) const { return io::require_double(scaling_, key, place_); }
  double optional(const char* key, double fallback) const {
    return io::get_double(scaling_, key, fallback, place_);
  }

  // The context before scaling. What stands beside the scaling counts first, as in transformers.
  double context() const {
    const double longest = whole_context();
    const double inside = optional("original_max_position_embeddings", longest);
    // The frequencies tell it, so it is not noted as a setting of its own.
    const double context = io::get_double(*files_.config(), "original_max_position_embeddings",
                                          inside, place_);
    if (!(context >= 2)) {
      fail("arch.rope", fmt::format("{}: an original_max_position_embeddings of {} cannot be, "
                                    "expected 2 tokens or more. Fetch the model's settings again.",
                                    place_, context));
    }
    return context;
  }
  double whole_context() const {
    return double(files_.get_int("max_position_embeddings", "", unsaid_context_));
  }
  double factor() const { return optional("factor", whole_context() / context()); }
  float magnitude_of_yarn(double factor) const {
    const double weight = optional("mscale", 0), all = optional("mscale_all_dim", 0);
    const double natural = weight != 0 && all != 0
                               ? yarn_magnitude(factor, weight) / yarn_magnitude(factor, all)
                               : yarn_magnitude(factor);
    return float(optional("attention_factor", natural));
  }

  std::vector<float> divisors(const char* key, size_t count) const {
    const json* list = io::find(scaling_, key);
    std::vector<float> result;
    if (list && list->is_array()) {
      for (const json& each : *list) result.push_back(each.is_number() ? each.get<float>() : NAN);
    }
    if (result.size() != count) {
      fail("arch.rope", fmt::format("{}: {} of the rotary scaling holds {} numbers, but a head has "
                                    "{} pairs. Fetch the model's settings again.",
                                    place_, key, result.size(), count));
    }
    return result;
  }

  const ModelFiles& files_;
  const json& scaling_;
  int64_t unsaid_context_;
  std::string place_, type_;
};

RopeScaling scale_by_config(const ModelFiles& files, const RopeKeys& keys, double theta,
                            std::vector<float>& frequencies) {
  const json* old = rope_setting(files, "rope_scaling", keys);
  const json* now = rope_setting(files, "rope_parameters", keys);
  if (!old && !now) return {};
  const ConfigScaling scaling(files, old ? *old : *now, keys.unsaid_context);
  const RopeScaling result = scaling.apply(theta, frequencies);
  if (old && now && !scaling.same_as(ConfigScaling(files, *now, keys.unsaid_context))) {
    fail("arch.rope", fmt::format("{}: rope_scaling and rope_parameters do not say the same. Keep "
                                  "the one that is meant.",
                                  files.settings_place()));
  }
  return result;
}

// As llama.cpp reads it: a factor without a type is linear, and the oldest files have a key of
// their own for it.
RopeScaling scale_by_gguf(const ModelFiles& files, const RopeKeys& keys, double theta,
                          std::vector<float>& frequencies) {
  const auto pairs = int64_t(frequencies.size());
  const double old = files.get_double("", "rope.scale_linear", 1.0);
  const double said = files.get_double("", "rope.scaling.factor", old);
  const double factor = said == 0 ? 1.0 : said;
  // Phi-3's files name no type.
  const bool divided = files.has({"", "rope_factors_short.weight"});
  const std::string type = files.get_string("", "rope.scaling.type",
                                            divided ? "longrope" : "linear");
  const int64_t trained = files.get_int("", "context_length", keys.unsaid_context);
  const int64_t context = files.get_int("", "rope.scaling.original_context_length", trained);
  RopeScaling result;
  if (type == "linear") {
    for (float& frequency : frequencies) frequency = float(double(frequency) / factor);
  } else if (type == "yarn") {
    Yarn rule{factor, theta, double(context)};
    rule.fast = files.get_double("", "rope.scaling.yarn_beta_fast", rule.fast);
    rule.slow = files.get_double("", "rope.scaling.yarn_beta_slow", rule.slow);
    scale_by_yarn(rule, frequencies);
    result.factor = float(files.get_double("", "rope.scaling.attn_factor", 1.0) *
                          yarn_magnitude(factor));
  } else if (type == "longrope") {
    const TensorName lasting{"", "rope_factors_long.weight"};
    divide(frequencies, files.vector({"", "rope_factors_short.weight"}, pairs));
    if (files.has(lasting)) files.vector(lasting, pairs);
    result.factor = float(files.get_double("", "rope.scaling.attn_factor", 1.0));
    result.longest = context;
  } else if (type != "none") {
    fail("arch.rope", fmt::format("{}: rope scaling of type '{}' is not known. Known are none, "
                                  "linear, yarn and longrope. Use a model with one of these.",
                                  files.path().string(), printable_start(type)));
  }
  const TensorName name{"", "rope_freqs.weight"};
  if (files.has(name)) divide(frequencies, files.vector(name, pairs));
  return result;
}

}  // namespace

double yarn_magnitude(double factor, double weight) {
  return factor <= 1 ? 1.0 : 0.1 * weight * std::log(factor) + 1.0;
}

const json* rope_setting(const ModelFiles& files, std::string_view name, const RopeKeys& keys) {
  if (name == "rope_scaling" && !keys.scaled) return nullptr;
  const json* value = files.setting(name);
  if (!value || name != "rope_parameters" || keys.layer_type.empty()) return value;
  for (const auto& [key, inside] : value->items()) {
    const bool kind = key == "full_attention" || key == "sliding_attention";
    if (kind && (inside.is_object() || inside.is_null())) continue;
    fail("arch.rope", fmt::format("{}: rope_parameters are not by kinds of layers (it holds '{}'), "
                                  "as this architecture has them: full_attention and "
                                  "sliding_attention. Fetch the model's settings again.",
                                  files.settings_place(), printable_start(key)));
  }
  return io::find(*value, keys.layer_type);
}

RopeScaling scale_frequencies(const ModelFiles& files, const RopeKeys& keys, double theta,
                              std::vector<float>& frequencies) {
  if (files.config()) return scale_by_config(files, keys, theta, frequencies);
  return keys.scaled ? scale_by_gguf(files, keys, theta, frequencies) : RopeScaling{};
}

}  // namespace relatum::arch
