// Views of the adapter's values in the form that passes read.
#include "train/saved_modules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "quant/format.h"

namespace relatum::train {
namespace {

constexpr const char* kHead = "lm_head";
constexpr const char* kEmbedding = "model.embed_tokens";
constexpr const char* kEncoder = "encoder.embed_tokens";
constexpr const char* kDecoder = "decoder.embed_tokens";

const Weight& own_weight(const arch::Model& model, const std::string& name) {
  if (name == kHead) return model.head()->parts()[0].weight;
  return name == kEncoder ? *model.source_embedding() : *model.embedding();
}

void check_tied(const arch::Model& model, bool embedding) {
  const char* why = nullptr;
  if (!embedding) {
    why = "the embedding is not among the modules that are trained whole. Name embed_tokens, too";
  } else if (model.info().own_head) {
    why = "the model has a head of its own. Leave the tying out";
  } else if (model.info().encoder_layers > 0) {
    why =
        "the model has an embedding for its encoder and one for its decoder, which are trained as "
        "copies of their own (PEFT fails there). Leave the tying out";
  } else {
    return;
  }
  fail("train.saved", fmt::format("{}: head and embedding cannot stay one (ensure_weight_tying): "
                                  "{}.",
                                  model.info().path, why));
}

Weight weight_at(const std::string& name, const float* values, int64_t rows, int64_t cols) {
  const std::span<const float> all(values, size_t(rows * cols));
  return {name, "f32", rows, cols, std::as_bytes(all), nullptr, false};
}

}  // namespace

std::vector<std::string> savable_modules(const arch::Model& model) {
  if (!model.head() || !model.embedding()) return {};
  if (model.info().encoder_layers > 0) return {kEncoder, kDecoder, kHead};
  return {kEmbedding, kHead};
}

std::vector<SavedModule> saved_modules(const arch::Model& model, const AdapterConfig& config,
                                       int64_t offset) {
  const std::vector<std::string> known = savable_modules(model);
  const auto named = [&](const std::string& name) {
    return std::ranges::any_of(
        config.saved, [&](const std::string& end) { return !end.empty() && name.ends_with(end); });
  };
  for (const std::string& end : config.saved) {
    const auto fits = [&](const std::string& name) { return !end.empty() && name.ends_with(end); };
    if (std::ranges::any_of(known, fits)) continue;
    fail("train.saved", fmt::format("'{}' is no module of {} that can be trained whole. It has {}.",
                                    end, model.info().path, fmt::join(known, ", ")));
  }
  std::vector<SavedModule> modules;
  if (config.tie_saved && !config.saved.empty()) check_tied(model, named(kEmbedding));
  for (const std::string& name : known) {
    const bool tied = name == kHead && config.tie_saved;
    if (!named(name) && !tied) continue;
    const Weight& weight = own_weight(model, name);
    modules.push_back({name, weight.rows, weight.cols, tied ? modules[0].offset : offset});
    if (!tied) offset += weight.size();
  }
  return modules;
}

int64_t size_of(const std::vector<SavedModule>& modules) {
  int64_t size = 0, last = -1;
  for (const SavedModule& module : modules) {
    if (module.offset != last) size += module.rows * module.cols;
    last = module.offset;
  }
  return size;
}

SavedModules::SavedModules(std::vector<SavedModule> modules, DType compute)
    : modules_(std::move(modules)), compute_(compute) {}

void SavedModules::open(const arch::Model& model, float* values, nn::LoraSet& set) {
  for (const SavedModule& module : modules_) {
    float* place = values + module.offset;
    quant::decode_rows(own_weight(model, module.name), 0, {place, module.rows, module.cols});
    const Weight weight = weight_at(module.name, place, module.rows, module.cols);
    if (module.name == kHead) {
      head_.emplace(std::vector<nn::Linear::Part>{{kHead, weight}});
      head_->prepare(compute_, false);
      head_->prepare_trained();
      set.head = &*head_;
    } else if (module.name == kEncoder) {
      source_embedding_ = weight;
      set.source_embedding = &source_embedding_;
    } else {
      embedding_ = weight;
      set.embedding = &embedding_;
    }
  }
}

void SavedModules::refresh() {
  if (head_) head_->refresh();
}

void SavedModules::quantise() {
  if (head_) head_->prepare_int8(compute_, nullptr);
}

}  // namespace relatum::train
