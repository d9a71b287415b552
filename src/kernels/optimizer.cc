// Parallel sweeps over flat arrays.
#include "kernels/optimizer.h"

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

double sum_squares(std::span<const float> x) {
  return table().sum_squares(x.data(), int64_t(x.size()));
}

}  // namespace relatum::kernels
