// The learning rate over a run.
#pragma once

#include <cstdint>
#include <string_view>

namespace relatum::train {

enum class Shape { kCosine, kLinear, kConstant };

/// "cosine", "linear" or "constant"; Error that lists them.
Shape parse_shape(std::string_view name);
std::string_view name_of(Shape shape);

/// Peak rates where none is given: what did best for adapters, and for all weights of SmolLM2-135M
/// (docs/studies/all-weights.md); larger models usually want less.
inline constexpr double kAdapterRate = 1e-3, kFullRate = 2e-4;
/// The same of a classifier, whose numbers begin at random, and of an encoder's weights below it.
inline constexpr double kHeadRate = 1e-3, kEncoderRate = 1e-4;

struct Schedule {
  double peak = kAdapterRate;
  Shape shape = Shape::kCosine;
  double warmup = 0.03;  ///< share of all steps in which the rate rises from 0
  int64_t steps = 1;

  /// Rate of step 0 … steps-1: linear rise over ceil(warmup * steps) steps, then the shape to 0.
  double rate(int64_t step) const;
};

}  // namespace relatum::train
