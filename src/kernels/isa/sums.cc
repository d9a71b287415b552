// Reductions over rows, layer norm, cross-entropy and the optimiser's sweep.
#include <cmath>

#include "kernels/isa/simd.h"
#include "kernels/isa/table.h"
#include "kernels/isa/tables.h"

namespace relatum::kernels::RELATUM_ISA {
namespace {

constexpr int64_t kChunk = 1024;  // float sums of this many terms, then double: exact enough for V

void layernorm(const float* x, const LayerNormParameters& p, float* y, float* stats, int64_t n) {
  float sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += x[i];
  const float mean = sum / float(n);
#pragma omp simd reduction(+ : squares)
  for (int64_t i = 0; i < n; ++i) squares += (x[i] - mean) * (x[i] - mean);
  const float rstd = 1.0f / __builtin_sqrtf(squares / float(n) + p.epsilon);
  const float* w = p.weight;
  const float* b = p.bias;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - mean) * rstd * w[i] + b[i];
  stats[0] = mean;
  stats[1] = rstd;
}

void layernorm_backward(const float* dy, const float* x, const float* w, const float* stats,
                        float* dx, int64_t n) {
  const float mean = stats[0], rstd = stats[1];
  float sum = 0, dot = 0;
#pragma omp simd reduction(+ : sum, dot)
  for (int64_t i = 0; i < n; ++i) {
    sum += dy[i] * w[i];
    dot += dy[i] * w[i] * (x[i] - mean) * rstd;
  }
  sum /= float(n);
  dot /= float(n);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    dx[i] += rstd * (dy[i] * w[i] - sum - (x[i] - mean) * rstd * dot);
  }
}

void layernorm_gradients(const LayerNormGradients& task, int64_t begin, int64_t end) {
  constexpr int64_t kBlock = 64;
  float weights[kBlock], biases[kBlock];
  for (int64_t first = begin; first < end; first += kBlock) {
    const int64_t n = end - first < kBlock ? end - first : kBlock;
    for (int64_t i = 0; i < n; ++i) weights[i] = biases[i] = 0;
    for (int64_t r = 0; r < task.rows; ++r) {
      const float* dy = task.dy + r * task.dy_stride + first;
      const float* x = task.x + r * task.x_stride + first;
      const float mean = task.stats[2 * r], rstd = task.stats[2 * r + 1];
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) {
        weights[i] += dy[i] * ((x[i] - mean) * rstd);
        biases[i] += dy[i];
      }
    }
    for (int64_t i = 0; i < n && task.weight; ++i) task.weight[first + i] += weights[i];
    for (int64_t i = 0; i < n && task.bias; ++i) task.bias[first + i] += biases[i];
  }
}

void add(const float* x, float* y, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] += x[i];
}

double sum_squares(const float* x, int64_t n) {
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t end = begin + kChunk < n ? begin + kChunk : n;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = begin; i < end; ++i) sum += x[i] * x[i];
    total += double(sum);
  }
  return total;
}

float maximum(const float* x, int64_t n) {
  float best = x[0];
#pragma omp simd reduction(max : best)
  for (int64_t i = 0; i < n; ++i) best = x[i] > best ? x[i] : best;
  return best;
}

int64_t largest(const float* x, int64_t n) {
  int64_t found = 0;
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t count = begin + kChunk < n ? kChunk : n - begin;
    const float best = maximum(x + begin, count);
    if (!(best > x[found]) && begin > 0) continue;
    found = begin;
    while (x[found] != best) ++found;
  }
  return found;
}

double sum_exp(const float* x, float shift, int64_t n) {
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t end = begin + kChunk < n ? begin + kChunk : n;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = begin; i < end; ++i) sum += fast_exp(x[i] - shift);
    total += double(sum);
  }
  return total;
}

double log_sum_exp(const float* x, int64_t n) {
  const float shift = maximum(x, n);
  return double(shift) + std::log(sum_exp(x, shift, n));
}

template <class T>
double cross_entropy_backward(const float* logits, int32_t target, T* dlogits, int64_t n) {
  const float shift = maximum(logits, n);
  const double sum = sum_exp(logits, shift, n);
  const float inverse = float(1.0 / sum);
  const float target_logit = logits[target];
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) store(dlogits + i, fast_exp(logits[i] - shift) * inverse);
  store(dlogits + target, fast_exp(target_logit - shift) * inverse - 1.0f);
  return double(shift) + std::log(sum) - double(target_logit);
}

void adamw(const AdamWStep& s, float* value, const float* grad, float* m, float* v, int64_t n) {
  const float keep = 1.0f - s.learning_rate * s.weight_decay;
  const float rate = s.learning_rate / s.correction1;
  const float root = 1.0f / __builtin_sqrtf(s.correction2);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float g = grad[i] * s.grad_scale;
    m[i] = s.beta1 * m[i] + (1.0f - s.beta1) * g;
    v[i] = s.beta2 * v[i] + (1.0f - s.beta2) * g * g;
    value[i] = value[i] * keep - rate * m[i] / (__builtin_sqrtf(v[i]) * root + s.epsilon);
  }
}

}  // namespace

template <class T>
void fill_loss(TypedTable<T>& t) {
  t.cross_entropy_backward = cross_entropy_backward<T>;
}
template void fill_loss(TypedTable<float>&);
template void fill_loss(TypedTable<bf16>&);

void fill_sums(Table& t) {
  t.layernorm = layernorm;
  t.layernorm_backward = layernorm_backward;
  t.layernorm_gradients = layernorm_gradients;
  t.add = add;
  t.sum_squares = sum_squares;
  t.log_sum_exp = log_sum_exp;
  t.largest = largest;
  t.adamw = adamw;
}

const Table& table() {
  static const Table instance = [] {
    Table t{};
    fill_rows(t.f32);
    fill_rows(t.b16);
    fill_activations(t.f32);
    fill_activations(t.b16);
    fill_attention(t.f32);
    fill_attention(t.b16);
    fill_bias_gradient(t.f32);
    fill_bias_gradient(t.b16);
    fill_loss(t.f32);
    fill_loss(t.b16);
    fill_hadamard(t.f32);
    fill_hadamard(t.b16);
    fill_columns(t.f32);
    fill_columns(t.b16);
    fill_sums(t);
    fill_dropout(t);
    fill_blocks(t);
    fill_float_blocks(t);
    fill_integers(t);
    fill_vnni_blocks(t);
#if !defined(__AVX512F__)
    fill_vnni_integers(t);
#else
    fill_lora(t);
    fill_attention_bf16(t);
    fill_attention_backward_bf16(t);
#endif
    return t;
  }();
  return instance;
}

}  // namespace relatum::kernels::RELATUM_ISA
