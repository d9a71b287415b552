// Activations and their gradients, plain and gated, one row at a time.
#include "kernels/isa/simd.h"
#include "kernels/isa/table.h"
#include "kernels/isa/tables.h"

namespace relatum::kernels::RELATUM_ISA {
namespace {

// Each has its value, d times its value, and d times its slope.
struct Silu {
  static float value(float x) { return x * sigmoid(x); }
  static float times_value(float d, float x) { return d * x * sigmoid(x); }
  static float times_slope(float d, float x) {
    const float s = sigmoid(x);
    return d * s * (1.0f + x * (1.0f - s));
  }
};

struct Gelu {
  static float phi(float x) { return 0.5f * (1.0f + fast_erf(x * 0.707106781f)); }
  static float value(float x) { return 0.5f * x * (1.0f + fast_erf(x * 0.707106781f)); }
  static float times_value(float d, float x) { return d * value(x); }
  static float times_slope(float d, float x) {
    const float density = 0.398942280f * fast_exp(-0.5f * x * x);
    return d * (phi(x) + x * density);
  }
};

// (1 + tanh(u)) / 2 is sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3).
struct GeluTanh {
  static float gate(float x) { return sigmoid(x * (1.59576912f + 0.0713548163f * x * x)); }
  static float value(float x) { return x * gate(x); }
  static float times_value(float d, float x) { return d * value(x); }
  static float times_slope(float d, float x) {
    const float s = gate(x), inner = 1.59576912f + 0.214064449f * x * x;
    return d * s * (1.0f + x * (1.0f - s) * inner);
  }
};

struct Relu {
  static float value(float x) { return x > 0 ? x : 0.0f; }
  static float times_value(float d, float x) { return d * value(x); }
  static float times_slope(float d, float x) { return x > 0 ? d : 0.0f; }
};

template <class F, class T>
void plain(const T* x, T* y, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) store(y + i, F::value(load(x + i)));
}

template <class F, class T>
void plain_backward(const T* dy, const T* x, T* dx, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) store(dx + i, F::times_slope(load(dy + i), load(x + i)));
}

template <class F, class T>
void gated(const T* gate, const T* up, T* y, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) store(y + i, F::value(load(gate + i)) * load(up + i));
}

template <class F, class T>
void gated_backward(const T* dy, const T* gate, const T* up, T* dgate, T* dup, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float g = load(gate + i), d = load(dy + i);
    const float dg = F::times_slope(d * load(up + i), g);
    store(dup + i, F::times_value(d, g));
    store(dgate + i, dg);
  }
}

template <class F, class T>
ActivationLoops<T> loops() {
  return {plain<F, T>, plain_backward<F, T>, gated<F, T>, gated_backward<F, T>};
}

}  // namespace

template <class T>
void fill_activations(TypedTable<T>& t) {
  t.activations[int(Activation::kSilu)] = loops<Silu, T>();
  t.activations[int(Activation::kGelu)] = loops<Gelu, T>();
  t.activations[int(Activation::kGeluTanh)] = loops<GeluTanh, T>();
  t.activations[int(Activation::kRelu)] = loops<Relu, T>();
}
template void fill_activations(TypedTable<float>&);
template void fill_activations(TypedTable<bf16>&);

}  // namespace relatum::kernels::RELATUM_ISA
