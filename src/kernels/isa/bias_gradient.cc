// What a query's scores say of the bias by distance, one query and one span of keys at a time.
#include "kernels/isa/simd.h"
#include "kernels/isa/table.h"
#include "kernels/isa/tables.h"

namespace relatum::kernels::RELATUM_ISA {
namespace {

template <class T>
[[gnu::always_inline]] inline float dot(const T* a, const T* b, int64_t n) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += load(a + i) * load(b + i);
  return sum;
}

template <class T>
void bias_gradient(const BiasGradient<T>& t) {
  const float delta = dot(t.out, t.dout, t.head_size);
  for (int64_t j = 0; j < t.keys.count; ++j) {
    const float score = t.scale * dot(t.q, t.keys.k + j * t.keys.k_stride, t.head_size);
    const float weight = fast_exp(score + t.bias[-j] - t.lse);
    t.sums[-j] += weight * (dot(t.dout, t.keys.v + j * t.keys.v_stride, t.head_size) - delta);
  }
}

}  // namespace

template <class T>
void fill_bias_gradient(TypedTable<T>& t) {
  t.bias_gradient = bias_gradient<T>;
}
template void fill_bias_gradient(TypedTable<float>&);
template void fill_bias_gradient(TypedTable<bf16>&);

}  // namespace relatum::kernels::RELATUM_ISA
