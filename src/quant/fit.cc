// Weighted least squares over trial roundings. Sums are f32: what they lose is far below what two
// neighbouring trials differ by.
#include "quant/fit.h"

#include <algorithm>
#include <cmath>

namespace relatum::quant {
namespace {

constexpr int kMost = 32;  // values that are fitted at once
// Trial scales: the codes' whole range is as long as the values', or a little shorter or longer.
// A longer one clips the ends, where few values are, and rounds the others more finely.
constexpr int kLineTrials = 21, kScaleTrials = 19;
constexpr float kTrialStep = 0.1f;  // in codes

float clamped(float code, float least, float most) {
  return std::min(std::max(least, code), most);  // a NaN becomes `least`
}

// Rounds to nearest; beyond 2^22 nothing that a code could be. In two additions, as SSE2 has no
// instruction for it.
float rounded(float x) { return (x + 0x1.8p23f) - 0x1.8p23f; }

// Sums of w, w x and so on over some values.
struct Sums {
  float w = 0, x = 0, q = 0, qq = 0, qx = 0;
};

// Solves for the line and gives what of the sum of squares is explained.
float solve(const Sums& s, Line& line) {
  const float d = s.w * s.qq - s.q * s.q;
  if (d > 0) {
    line = {(s.w * s.qx - s.x * s.q) / d, (s.qq * s.x - s.q * s.qx) / d};
    if (line.low <= 0) return line.scale * s.qx + line.low * s.x;
  }
  line = {s.qq > 0 ? s.qx / s.qq : 0, 0};
  return line.scale * s.qx;
}

}  // namespace

float extreme_of(const float* values, int64_t count) {
  float extreme = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (std::fabs(values[i]) > std::fabs(extreme)) extreme = values[i];
  }
  return extreme;
}

Line fit_line(const float* values, int64_t count, int most) {
  float weights[kMost];
  float low = 0, high = values[0], squares = 0;
  for (int64_t i = 0; i < count; ++i) {
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
    squares += values[i] * values[i];
  }
  if (!(high > low)) return {0, low};
  const float mean = std::sqrt(squares / float(count));
  Sums fixed;
  for (int64_t i = 0; i < count; ++i) {
    weights[i] = mean + std::fabs(values[i]);
    fixed.w += weights[i];
    fixed.x += weights[i] * values[i];
  }
  Line best{(high - low) / float(most), low};
  float explained = -1;
  for (int trial = 0; trial < kLineTrials; ++trial) {
    const float codes = float(most) + kTrialStep * float(trial - kLineTrials / 2);
    const float inverse = codes / (high - low);
    float q_sum = 0, qq_sum = 0, qx_sum = 0;
#pragma omp simd reduction(+ : q_sum, qq_sum, qx_sum)
    for (int64_t i = 0; i < count; ++i) {
      const float q = clamped(rounded((values[i] - low) * inverse), 0, float(most));
      const float wq = weights[i] * q;
      q_sum += wq;
      qq_sum += wq * q;
      qx_sum += wq * values[i];
    }
    Line line;
    const float now = solve({fixed.w, fixed.x, q_sum, qq_sum, qx_sum}, line);
    if (now > explained) {
      explained = now;
      best = line;
    }
  }
  return best;
}

float fit_scale(const float* values, int64_t count, int half) {
  const float extreme = extreme_of(values, count);
  if (extreme == 0) return 0;
  float best = 0, explained = -1;
  for (int trial = 0; trial < kScaleTrials; ++trial) {
    // The value of the largest magnitude becomes -half: that side has one code more.
    const float codes = float(half) + kTrialStep * float(trial - kScaleTrials / 2);
    const float inverse = -codes / extreme;
    float qq_sum = 0, qx_sum = 0;
#pragma omp simd reduction(+ : qq_sum, qx_sum)
    for (int64_t i = 0; i < count; ++i) {
      const float q = clamped(rounded(values[i] * inverse), float(-half), float(half - 1));
      const float wq = values[i] * values[i] * q;
      qq_sum += wq * q;
      qx_sum += wq * values[i];
    }
    if (!(qq_sum > 0)) continue;
    if (const float now = qx_sum * qx_sum / qq_sum; now > explained) {
      explained = now;
      best = qx_sum / qq_sum;
    }
  }
  return best;
}

}  // namespace relatum::quant
