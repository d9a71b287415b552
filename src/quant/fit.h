// The search for the scale (and minimum) of a few values that are to become integer codes: a
// rounding is tried for each of several scales, and the scale that is best for these codes follows
// from weighted least squares.
#pragma once

#include <cstdint>

namespace relatum::quant {

/// The first of the values with the largest magnitude, with its sign.
float extreme_of(const float* values, int64_t count);

/// value = scale * code + low
struct Line {
  float scale = 0, low = 0;
};

/// For codes from 0 to `most`, and a low that is not above zero. Values count by their root mean
/// square plus their magnitude, as llama.cpp weighs them for q4_k.
Line fit_line(const float* values, int64_t count, int most);

/// For codes from -half to half - 1 without a minimum; the scale may be negative. Values count by
/// their square, as llama.cpp weighs them for q6_k.
float fit_scale(const float* values, int64_t count, int half);

}  // namespace relatum::quant
