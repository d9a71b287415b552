// Where a pass adds the gradients of weights that are trained themselves.
#pragma once

#include <functional>
#include <span>

#include "base/error.h"

namespace relatum::nn {

/// Trained weights lie in one array of f32 values, and their gradients in a second one at the same
/// places, so the address of a weight tells where its gradient is. Both arrays outlive it.
class WeightGradients {
 public:
  WeightGradients(std::span<const float> values, std::span<float> grads)
      : values_(values), grads_(grads) {
    RELATUM_CHECK(values.size() == grads.size());
  }
  /// nullptr where the weight is none of these, and so is frozen.
  float* of(const float* weight) const {
    const std::less<const float*> before;
    const float* end = values_.data() + values_.size();
    if (!weight || before(weight, values_.data()) || !before(weight, end)) return nullptr;
    return grads_.data() + (weight - values_.data());
  }

 private:
  std::span<const float> values_;
  std::span<float> grads_;
};

}  // namespace relatum::nn
