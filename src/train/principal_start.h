// Pairs that begin at principal parts: PiSSA and LoftQ.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "arch/model.h"
#include "nn/lora.h"
#include "tensor/buffer.h"
#include "train/adapter_config.h"

namespace relatum::train {

struct AdapterModule;

/// PiSSA takes the principal part of each adapted weight into its pair, so the base has to lack it.
/// The base stays as it is, in whatever form it is kept: twins of the pairs, frozen at their first
/// values, are taken away from it in each pass. Hence nothing is rounded again, and pair and twin
/// together are a plain pair of twice the rank on the unchanged base.
/// LoftQ's pair is the principal part of what rounding took from the weight: one iteration, which
/// leaves the rounded base as it is.
class PrincipalStart {
 public:
  explicit PrincipalStart(DType compute) : compute_(compute) {}

  /// Writes the first values of all pairs, laid out as `modules` say. `source`: for LoftQ, the
  /// model before its weights were rounded. Throws Error for a rank above what a linear has, an
  /// alpha of zero, and a base in which nothing was rounded.
  void begin(const arch::Model& model, const arch::Model* source, const AdapterConfig& config,
             std::span<const AdapterModule> modules, float* values);
  /// The twin of a group whose parts are these modules; nullptr where the base lacks nothing.
  const nn::LoraGroup* frozen(const nn::LoraGroup& group, std::span<const AdapterModule> modules);
  /// The pairs' values that the base lacks; empty where it lacks nothing.
  std::span<const float> removed() const {
    return {removed_.as<float>(), removed_.size() / sizeof(float)};
  }

 private:
  void keep(std::span<const float> values);
  ConstMat view(int64_t offset, int64_t rows, int64_t cols) const;

  DType compute_;
  Buffer removed_, copies_;
  std::vector<std::unique_ptr<nn::LoraGroup>> groups_;
};

}  // namespace relatum::train
