// Weights whose values are read as they lie.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "tensor/weight.h"

namespace relatum {

/// The values of an f32 weight that lies in our own memory, rows x cols.
inline const float* values_of(const Weight& weight) {
  RELATUM_CHECK(weight.format == "f32" && !weight.mapped);
  return reinterpret_cast<const float*>(weight.data.data());
}

/// An f32 weight of its own memory.
inline Weight weight_of(std::string name, std::vector<float> values, int64_t rows = 1) {
  const auto kept = std::make_shared<const std::vector<float>>(std::move(values));
  return {std::move(name),
          "f32",
          rows,
          int64_t(kept->size()) / rows,
          std::as_bytes(std::span(*kept)),
          kept,
          false};
}

}  // namespace relatum
