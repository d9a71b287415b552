// Walks over tensors and settings that nobody asked for.
#include "arch/unread.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "arch/tensor_names.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"

namespace relatum::arch {
namespace {

// Words of names under which a configuration speaks of the network itself.
constexpr std::string_view kNetworkWords[] = {
    "act",           "activation", "alibi",      "attention", "attn",    "bias",          "biases",
    "bidirectional", "causal",     "clamp",      "clip",      "conv",    "cross",         "decoder",
    "embed",         "embedding",  "embeddings", "encoder",   "expert",  "experts",       "feed",
    "ffn",           "gate",       "gated",      "head",      "heads",   "hidden",        "kv",
    "layer",         "layernorm",  "layers",     "linear",    "logit",   "logits",        "mlp",
    "moe",           "multiplier", "mup",        "nope",      "norm",    "normalization", "ntk",
    "position",      "positional", "positions",  "qk",        "qkv",     "quantization",  "query",
    "residual",      "rms",        "rmsnorm",    "rope",      "rotary",  "router",        "scalar",
    "scale",         "scaling",    "sinks",      "sliding",   "softcap", "softcapping",   "theta",
    "tie",           "window",     "yarn"};
// Whatever else their names say, these concern training, or how products are carried out.
constexpr std::string_view kOtherWords[] = {"dropout",     "pdrop", "layerdrop", "loss",
                                            "initializer", "flash", "freeze"};
// What every network here does: "false" takes it away.
constexpr std::string_view kOnByNature[] = {"use_rope",     "use_rotary*", "rope",
                                            "rotary",       "causal",      "is_causal",
                                            "use_rms_norm", "use_rmsnorm", "use_attention"};
// What transformers writes into every model's configuration: which tensors it returns, how it cuts
// a product that is the same in one piece, how its own generation works.
constexpr std::string_view kSpareEverywhere[] = {"output_*",
                                                 "chunk_size_feed_forward",
                                                 "tie_encoder_decoder",
                                                 "encoder_no_repeat_ngram_size",
                                                 "attn_implementation",
                                                 "*_token_id"};

bool matches(std::string_view pattern, std::string_view name) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == name;
  if (!name.starts_with(pattern.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (size_t at = star; at <= name.size(); ++at) {
    if (matches(rest, name.substr(at))) return true;
  }
  return false;
}

bool any_matches(std::span<const std::string_view> patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](std::string_view pattern) { return matches(pattern, name); });
}

bool has_word(std::string_view key, std::span<const std::string_view> words) {
  for (size_t begin = 0; begin <= key.size();) {
    const size_t end = std::min(key.find_first_of("_.", begin), key.size());
    if (std::find(words.begin(), words.end(), key.substr(begin, end - begin)) != words.end()) {
      return true;
    }
    begin = end + 1;
  }
  return false;
}

// A setting's value in either form: a number (true is 1) where it is one, and how it is shown.
struct Value {
  std::optional<double> number;
  bool empty = false;  ///< null, an empty string or list
  std::string shown;
};

Value value_of(const nlohmann::json& value) {
  Value result;
  if (value.is_number()) result.number = value.get<double>();
  if (value.is_boolean()) result.number = value.get<bool>() ? 1.0 : 0.0;
  result.empty = value.is_null() || (value.is_structured() && value.empty()) ||
                 (value.is_string() && value.get_ref<const std::string&>().empty());
  result.shown = printable_start(io::dump_json(value), 60);
  return result;
}

Value value_of(const io::GgufFile& file, const io::GgufEntry& entry) {
  Value result;
  const std::string key(entry.key);
  if (entry.value.is_array) {
    result.empty = entry.value.count == 0;
    result.shown = fmt::format("an array of {}", entry.value.count);
  } else if (entry.value.type == io::GgufType::kString) {
    const std::string text = file.get_string(key);
    result.empty = text.empty();
    result.shown = "'" + printable_start(text, 60) + "'";
  } else if (entry.value.type == io::GgufType::kBool) {
    result.number = file.get_bool(key) ? 1.0 : 0.0;
    result.shown = *result.number != 0 ? "true" : "false";
  } else if (entry.value.type == io::GgufType::kU64) {
    uint64_t number = 0;
    std::memcpy(&number, entry.value.raw.data(), sizeof number);
    result.number = double(number);
    result.shown = std::to_string(number);
  } else {
    result.number = file.get_double(key);
    result.shown = fmt::format("{}", *result.number);
  }
  return result;
}

enum class Verdict { kHarmless, kKnown, kUnknown };

// `suspect`: a setting that nobody knows is refused.
Verdict judge(std::string_view key, const Value& value, const Spare& spare, bool suspect) {
  if (value.empty || any_matches(spare.keys, key)) return Verdict::kHarmless;
  if (any_matches(kSpareEverywhere, key)) return Verdict::kHarmless;
  bool named = false;
  for (const NeutralSetting& setting : spare.neutral) {
    if (setting.key != key) continue;
    named = true;
    // An f32 in a file, and a few digits in a configuration.
    if (value.number && std::abs(*value.number - setting.value) <= 1e-6 * setting.value) {
      return Verdict::kHarmless;
    }
  }
  if (named) return Verdict::kKnown;
  if (value.number == 0.0 && !any_matches(kOnByNature, key)) return Verdict::kHarmless;
  return suspect ? Verdict::kUnknown : Verdict::kHarmless;
}

[[noreturn]] void fail_setting(const ModelFiles& files, std::string_view key, const Value& value,
                               Verdict verdict) {
  const std::string name = printable_start(key);
  if (verdict == Verdict::kKnown) {
    fail("arch.settings", fmt::format("{}: '{}' is {}, which changes what the network computes and "
                                      "is not supported. Use a model without it.",
                                      files.settings_place(), name, value.shown));
  }
  fail("arch.settings", fmt::format("{}: the setting '{}' ({}) is not known, and by its name it "
                                    "may change what the network computes. Use a model without it, "
                                    "or take it out where it is known to change nothing.",
                                    files.settings_place(), name, value.shown));
}

void check_config(const ModelFiles& files, const Spare& spare) {
  for (const auto& [key, json] : files.config()->items()) {
    if (files.asked().keys.contains(key) || key == "model_type" || key.starts_with('_')) continue;
    const bool speaks = has_word(key, kNetworkWords) && !has_word(key, kOtherWords);
    const Value value = value_of(json);
    const Verdict verdict = judge(key, value, spare, speaks);
    if (verdict != Verdict::kHarmless) fail_setting(files, key, value, verdict);
  }
  const nlohmann::json* code = io::find(*files.config(), "auto_map");
  if (!code || !code->is_object()) return;
  for (const auto& [name, module] : code->items()) {
    if (!name.starts_with("AutoModel")) continue;
    fail("arch.settings", fmt::format("{}: auto_map names code of the model's own for {} ({}), "
                                      "which is not run here. Use a model without it.",
                                      files.settings_place(), printable_start(name),
                                      printable_start(io::dump_json(module), 80)));
  }
}

void check_gguf(const ModelFiles& files, const Spare& spare) {
  const io::GgufFile& file = *files.gguf();
  const std::string start = files.architecture() + ".";
  const std::string type = file.get_string("general.type", "model");
  if (type != "model") {
    fail("arch.settings", fmt::format("{} says that it is of type '{}', not a model. Name the "
                                      "model's file.",
                                      file.path().string(), printable_start(type)));
  }
  for (const io::GgufEntry& entry : file.metadata()) {
    if (!entry.key.starts_with(start) || files.asked().keys.contains(entry.key)) continue;
    const Value value = value_of(file, entry);
    const Verdict verdict = judge(entry.key.substr(start.size()), value, spare, true);
    if (verdict != Verdict::kHarmless) fail_setting(files, entry.key, value, verdict);
  }
}

std::vector<std::string> unread_tensors(const ModelFiles& files, const Spare& spare) {
  std::vector<std::string> unread;
  const auto look = [&](const std::string& stored, const std::string& name) {
    if (files.asked().tensors.contains(stored) || any_matches(spare.tensors, name)) return;
    unread.push_back(printable_start(stored));
  };
  if (files.gguf()) {
    for (const auto& tensor : files.gguf()->tensors()) look(tensor.name, tensor.name);
  } else {
    for (const auto& tensor : files.safetensors()->tensors()) {
      look(tensor.name, plain_name(tensor.name));
    }
  }
  return unread;
}

}  // namespace

void check_all_read(const ModelFiles& files, const Spare& spare) {
  if (files.gguf()) {
    check_gguf(files, spare);
  } else {
    check_config(files, spare);
  }
  const std::vector<std::string> unread = unread_tensors(files, spare);
  if (unread.empty()) return;
  constexpr size_t kShown = 4;
  const std::span shown(unread.data(), std::min(kShown, unread.size()));
  fail("arch.tensors",
       fmt::format("{}: the network that its settings name ({}) has no use for "
                   "{} of its tensors: '{}'{}. Without them it would compute "
                   "something else than the model does. Use a model that has none "
                   "of them, or correct its settings.",
                   files.path().string(), files.architecture(), unread.size(),
                   fmt::join(shown, "', '"), unread.size() > kShown ? " and so on" : ""));
}

}  // namespace relatum::arch
