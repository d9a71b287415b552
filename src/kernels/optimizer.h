// The optimiser's arithmetic on flat arrays.
#pragma once

#include <span>

#include "kernels/isa/table.h"

namespace relatum::kernels {

/// One AdamW sweep over n values, their gradients and both moments.
void adamw(const AdamWStep& step, std::span<float> value, std::span<const float> grad,
           std::span<float> m, std::span<float> v);
/// Sum of squares; the order of summation depends on the size alone.
double sum_squares(std::span<const float> x);

}  // namespace relatum::kernels
