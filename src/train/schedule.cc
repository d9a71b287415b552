// Warm-up and decay.
#include "train/schedule.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/known_names.h"

namespace relatum::train {

Shape parse_shape(std::string_view name) {
  if (name == "cosine") return Shape::kCosine;
  if (name == "linear") return Shape::kLinear;
  if (name == "constant") return Shape::kConstant;
  fail("train.schedule", unknown_name("schedule", name, {"cosine", "linear", "constant"}));
}

std::string_view name_of(Shape shape) {
  if (shape == Shape::kCosine) return "cosine";
  return shape == Shape::kLinear ? "linear" : "constant";
}

double Schedule::rate(int64_t step) const {
  const auto rise = int64_t(std::ceil(warmup * double(steps)));
  if (step < rise) return peak * double(step + 1) / double(rise);
  if (shape == Shape::kConstant || steps <= rise) return peak;
  const double done = double(step - rise) / double(steps - rise);
  if (shape == Shape::kLinear) return peak * (1 - done);
  return peak * 0.5 * (1 + std::cos(std::numbers::pi * done));
}

}  // namespace relatum::train
