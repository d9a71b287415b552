// What an adapter's file may hold, tensor by tensor.
#include "train/peft_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "arch/model_files.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/to_weight.h"
#include "quant/format.h"
#include "train/peft_config.h"

namespace relatum::train {
namespace {

using io::SafetensorsTensor;

/// Behind the name of a module of which some rows were trained.
constexpr std::string_view kTokenRows = ".token_adapter.trainable_tokens_delta";

constexpr std::string_view kMerge =
    "Merge the adapter into its base with PEFT and use the merged model";

void erase_all(std::string& text, std::string_view part) {
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at)) {
    text.erase(at, part.size());
  }
}

std::optional<std::string> without_end(std::string_view name, std::string_view end) {
  if (!name.ends_with(end)) return std::nullopt;
  return std::string(name.substr(0, name.size() - end.size()));
}

std::string shape_text(const SafetensorsTensor& tensor) {
  return tensor.shape.empty() ? "1" : fmt::format("{}", fmt::join(tensor.shape, " x "));
}

/// Calls `look` with the index and the value, row by row, until it says false.
template <typename Look>
void each_value(const Weight& weight, Look look) {
  Matrix<float> row(1, weight.cols);
  for (int64_t r = 0; r < weight.rows; ++r) {
    quant::decode_rows(weight, r, row.view());
    for (int64_t c = 0; c < weight.cols; ++c) {
      if (!look(r, c, row.view().data[c])) return;
    }
  }
}

bool all_zero(const SafetensorsTensor& tensor) {
  bool zero = true;
  each_value(io::to_weight(tensor),
             [&](int64_t, int64_t, float value) { return zero = value == 0.0f; });
  return zero;
}

/// The relative error of rounding to a tensor's type; what is stored wider has none.
double rounding_of(std::string_view dtype) {
  if (dtype == "BF16") return 0x1.0p-8;
  return dtype == "F16" ? 0x1.0p-11 : 0.0;
}

/// The base's tensors under PEFT's names.
class Base {
 public:
  explicit Base(const std::filesystem::path& path) : files_(arch::ModelFiles::open(path)) {}

  /// Nothing where the base has no tensor of that name that can be compared as it is stored.
  std::optional<Weight> find(const std::string& name) const {
    if (const io::Safetensors* file = files_.safetensors()) {
      for (const auto& [peft, own] : kSharedNames) {
        const SafetensorsTensor* found = file->find(name);
        if (!found && name == peft) found = file->find(own);
        if (found) return io::to_weight(*found);
      }
    } else if (const io::GgufFile* gguf_file = files_.gguf()) {
      // A tied head stands in the file once, as the embedding.
      for (const auto& [peft, gguf] : kGgufNames) {
        const io::GgufTensor* found = name == peft ? gguf_file->find_tensor(gguf) : nullptr;
        if (found) return io::to_weight(*found);
      }
    }
    return std::nullopt;
  }

 private:
  // Where a tensor is not stored under its own name.
  static constexpr std::pair<const char*, const char*> kSharedNames[] = {
      {"lm_head.weight", "model.embed_tokens.weight"},
      {"lm_head.weight", "shared.weight"},
      {"encoder.embed_tokens.weight", "shared.weight"},
      {"decoder.embed_tokens.weight", "shared.weight"}};
  static constexpr std::pair<const char*, const char*> kGgufNames[] = {
      {"model.embed_tokens.weight", "token_embd.weight"},
      {"shared.weight", "token_embd.weight"},
      {"encoder.embed_tokens.weight", "token_embd.weight"},
      {"decoder.embed_tokens.weight", "token_embd.weight"},
      {"lm_head.weight", "output.weight"},
      {"lm_head.weight", "token_embd.weight"},
      {"model.norm.weight", "output_norm.weight"}};
  arch::ModelFiles files_;
};

/// A saved module's tensor as the base names it.
std::string base_name(std::string name) {
  erase_all(name, ".base_layer");
  erase_all(name, ".original_module");
  if (const size_t at = name.find(".modules_to_save."); at != name.npos) {
    const size_t adapter = at + std::string_view(".modules_to_save.").size();
    name.erase(at, std::min(name.find('.', adapter), name.size()) - at);
  }
  return name;
}

/// Where a tensor differs from the base's of the same name: in words, empty where it does not.
std::string difference_from_base(const SafetensorsTensor& tensor, const std::string& name,
                                 const Base& base) {
  const auto own = base.find(base_name(name));
  if (!own) {
    fail("train.peft", fmt::format("{}: this is neither a LoRA pair of a linear nor a tensor that "
                                   "the base has. {}.",
                                   tensor.place, kMerge));
  }
  const Weight theirs = io::to_weight(tensor);
  if (theirs.rows != own->rows || theirs.cols != own->cols) {
    fail("train.peft", fmt::format("{}: the adapter brings {} values of its own, where the base "
                                   "has {} x {}. Only tensors of the base's shapes can be used. "
                                   "{}.",
                                   tensor.place, shape_text(tensor), own->rows, own->cols, kMerge));
  }
  const double rounding = rounding_of(tensor.dtype);
  Matrix<float> row(1, own->cols);
  std::string found;
  each_value(theirs, [&](int64_t r, int64_t c, float value) {
    if (c == 0) quant::decode_rows(*own, r, row.view());
    const double given = double(value), wanted = double(row.view().data[c]);
    if (std::abs(given - wanted) <= rounding * std::abs(wanted)) return true;  // not so for NaN
    found = fmt::format("value {} of row {} is {}, where the base has {}", c, r, given, wanted);
    return false;
  });
  return found;
}

void check_finite(const SafetensorsTensor& tensor, MatView<const float> values) {
  for (int64_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values.data[i])) continue;
    fail("train.peft", fmt::format("{}: value {} is not a finite number. The adapter is damaged.",
                                   tensor.place, i));
  }
}

}  // namespace

PeftFile::PeftFile(const std::filesystem::path& path) : file_(io::Safetensors::open(path)) {
  for (const SafetensorsTensor& tensor : file_.tensors()) {
    std::string name = tensor.name;
    if (!name.starts_with(kPeftPrefix)) {
      fail("train.peft", fmt::format("{}: expected a name that begins with '{}', as PEFT writes "
                                     "them. Save the adapter with PEFT's save_pretrained.",
                                     tensor.place, kPeftPrefix));
    }
    name.erase(0, std::string_view(kPeftPrefix).size());
    erase_all(name, "_orig_mod.");
    const auto [twin, fresh] = tensors_.emplace(name, &tensor);
    if (fresh) continue;
    fail("train.peft",
         fmt::format("{}: stands for '{}', and so does '{}'. Take one of them out.", tensor.place,
                     printable_start(name), printable_start(twin->second->name)));
  }
}

const SafetensorsTensor& PeftFile::part(const AdapterModule& module, const char* name) const {
  const auto found = tensors_.find(fmt::format("{}.{}", module.name, name));
  if (found == tensors_.end()) {
    fail("train.peft", fmt::format("{}: has no tensor '{}{}.{}', but adapter_config.json says that "
                                   "this linear is adapted{}.",
                                   file_.path().string(), kPeftPrefix, module.name, name,
                                   module.m_offset < 0 ? "" : " with magnitudes (use_dora)"));
  }
  return *found->second;
}

void PeftFile::check_pairs(std::span<const AdapterModule> modules) const {
  const auto check = [](const SafetensorsTensor& tensor, const std::vector<int64_t>& shape) {
    if (tensor.shape == shape) return;
    fail("train.peft", fmt::format("{}: has {} values, but the rank in adapter_config.json and "
                                   "the base's linear ask for {}.",
                                   tensor.place, shape_text(tensor), fmt::join(shape, " x ")));
  };
  for (const AdapterModule& module : modules) {
    check(part(module, "lora_A.weight"), {module.rank, module.in});
    check(part(module, "lora_B.weight"), {module.out, module.rank});
    if (module.m_offset >= 0) check(part(module, "lora_magnitude_vector"), {module.out});
  }
}

bool PeftFile::is_adapted(const std::string& name, const SafetensorsTensor& tensor,
                          std::span<const AdapterModule> modules) const {
  const auto adapted = [&](const std::optional<std::string>& linear, bool scaled) {
    return linear && std::ranges::any_of(modules, [&](const AdapterModule& module) {
             return module.name == *linear && (!scaled || module.m_offset >= 0);
           });
  };
  auto linear = without_end(name, ".lora_A.weight");
  if (!linear) linear = without_end(name, ".lora_B.weight");
  if (adapted(linear, false)) return true;
  if (adapted(without_end(name, ".lora_magnitude_vector"), true)) return true;
  if (linear) {
    // A pair adds nothing where one of its factors is zero; PEFT's fresh ones are such.
    const auto other = tensors_.find(*linear + ".lora_B.weight");
    if (other != tensors_.end() && all_zero(*other->second)) return true;
    fail("train.peft", fmt::format("{}: adapts '{}', which is no linear that adapter_config.json "
                                   "and the model's layers have in common. {}.",
                                   tensor.place, printable_start(*linear), kMerge));
  }
  if (name.find(".lora_") == name.npos) return false;
  fail("train.peft", fmt::format("{}: this part of an adapter is not supported. Supported are "
                                 "lora_A.weight and lora_B.weight of linears, and with use_dora "
                                 "their lora_magnitude_vector. {}.",
                                 tensor.place, kMerge));
}

std::vector<std::string> PeftFile::check_others(std::span<const AdapterModule> modules,
                                                const PeftOthers& others) const {
  std::optional<Base> base;
  std::set<std::string> extra, own;
  for (const auto& [name, tensor] : tensors_) {
    if (is_adapted(name, *tensor, modules)) continue;
    const auto rows = without_end(name, kTokenRows);
    if (rows && std::ranges::count(others.tokens, *rows)) continue;
    if (!base) base.emplace(others.base);
    const std::string differs = difference_from_base(*tensor, name, *base);
    const std::string plain = base_name(name);
    extra.insert(plain);
    if (differs.empty()) continue;
    const auto saved = without_end(plain, ".weight");
    if (!saved || !std::ranges::count(others.savable, *saved)) {
      fail("train.peft",
           fmt::format("{}: {}: the adapter brings a tensor of its own besides its "
                       "pairs, which is only supported of {}. {}.",
                       tensor->place, differs, fmt::join(others.savable, " and "), kMerge));
    }
    own.insert(*saved);
  }
  for (const std::string& module : others.listed) {
    const text::PythonPattern pattern = saved_module_pattern(
        module, "'modules_to_save' of adapter_config.json");
    // Loading asks for a name's end, PEFT's other places for a part between dots.
    const auto holds = [&](const std::string& name) {
      return without_end(name, module + ".weight") || pattern.matches_start(name);
    };
    if (std::any_of(extra.begin(), extra.end(), holds)) continue;
    fail("train.peft", fmt::format("{}: has no tensor of '{}', which modules_to_save in "
                                   "adapter_config.json names.",
                                   file_.path().string(), printable_start(module)));
  }
  return {own.begin(), own.end()};
}

void PeftFile::read(const AdapterModule& module, const char* name, MatView<float> out) const {
  const SafetensorsTensor& tensor = part(module, name);
  quant::decode_rows(io::to_weight(tensor), 0, out);
  check_finite(tensor, out);
}

// PEFT saves what was trained under the module's own name; what lies under its wrappers' names
// beside it is the base's.
const SafetensorsTensor* PeftFile::saved(const std::string& module) const {
  const std::string name = module + ".weight";
  const SafetensorsTensor *trained = nullptr, *wrapped = nullptr;
  for (const auto& [key, tensor] : tensors_) {
    if (base_name(key) != name) continue;
    const bool of_base = key.find(".base_layer.") != key.npos ||
                         key.find(".original_module.") != key.npos;
    const SafetensorsTensor*& place = of_base ? wrapped : trained;
    if (place && !of_base) {
      fail("train.peft",
           fmt::format("{}: stands for '{}', and so does '{}'. Take one of them out.",
                       tensor->place, printable_start(name), printable_start(place->name)));
    }
    if (!place) place = tensor;
  }
  return trained ? trained : wrapped;
}

bool PeftFile::read_saved(const std::string& module, MatView<float> out) const {
  const SafetensorsTensor* tensor = saved(module);
  if (!tensor) return false;
  quant::decode_rows(io::to_weight(*tensor), 0, out);
  check_finite(*tensor, out);
  return true;
}

void PeftFile::read_tokens(const std::string& module, std::span<const int64_t> tokens,
                           MatView<float> out) const {
  const auto found = tensors_.find(module + std::string(kTokenRows));
  if (found == tensors_.end()) {
    fail("train.peft", fmt::format("{}: has no tensor '{}{}{}', whose rows trainable_token_indices "
                                   "in adapter_config.json names.",
                                   file_.path().string(), kPeftPrefix, module, kTokenRows));
  }
  const SafetensorsTensor& tensor = *found->second;
  if (tensor.shape != std::vector<int64_t>{int64_t(tokens.size()), out.cols}) {
    fail("train.peft", fmt::format("{}: has {} values, but trainable_token_indices and the base's "
                                   "embedding ask for {} x {}.",
                                   tensor.place, shape_text(tensor), tokens.size(), out.cols));
  }
  const Weight rows = io::to_weight(tensor);
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] < 0 || tokens[i] >= out.rows ||
        std::count(tokens.begin(), tokens.begin() + ptrdiff_t(i), tokens[i])) {
      fail("train.peft", fmt::format("{}: trainable_token_indices in adapter_config.json names "
                                     "token {}, which is named twice or beyond the {} rows of the "
                                     "base's embedding.",
                                     tensor.place, tokens[i], out.rows));
    }
    const MatView<float> row = out.rows_from(tokens[i], 1);
    quant::decode_rows(rows, int64_t(i), row);
    check_finite(tensor, row);
  }
}

}  // namespace relatum::train
