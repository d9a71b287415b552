// Parallel sweeps over flat arrays.
#include "kernels/optimizer.h"

#include <algorithm>

#include "base/error.h"
#include "base/parallel_for.h"

namespace relatum::kernels {

void adamw(const AdamWStep& step, std::span<float> value, std::span<const float> grad,
           std::span<float> m, std::span<float> v) {
  RELATUM_CHECK(value.size() == grad.size() && m.size() == v.size() && m.size() == grad.size());
  parallel_for(int64_t(value.size()), 1 << 14, [&](int64_t begin, int64_t end) {
    table().adamw(step, value.data() + begin, grad.data() + begin, m.data() + begin,
                  v.data() + begin, end - begin);
  });
}

// Cut by the size alone, so that threads change no bit.
double sum_squares(std::span<const float> x) {
  constexpr int64_t kParts = 64, kWorthCutting = 1 << 20, kWhole = 1024;
  const auto count = int64_t(x.size());
  if (count <= kWorthCutting) return table().sum_squares(x.data(), count);
  const int64_t each = (count / kParts / kWhole + 1) * kWhole;
  double sums[kParts] = {};
  parallel_for(kParts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t first = std::min(part * each, count), last = std::min(first + each, count);
      sums[part] = table().sum_squares(x.data() + first, last - first);
    }
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace relatum::kernels
