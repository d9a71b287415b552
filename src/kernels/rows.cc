// Splits rows over threads and calls the loops of the instruction set in use.
#include "kernels/rows.h"

#include <cstring>

#include "base/parallel_for.h"
#include "base/rng.h"
#include "kernels/isa/table.h"

namespace relatum::kernels {
namespace {

constexpr int64_t kGrain = 1 << 14;  // elements a thread must get to be worth waking: about 5 us

int64_t grain(int64_t cols) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, cols)); }

// Calls body.operator()<T>() with the element type of `type`.
template <class Body>
void with_type(DType type, const Body& body) {
  if (type == DType::kBF16) {
    body.template operator()<bf16>();
  } else {
    RELATUM_CHECK(type == DType::kF32);
    body.template operator()<float>();
  }
}

template <class Body>
void for_rows(int64_t rows, int64_t cols, const Body& body) {
  parallel_for(rows, grain(cols), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) body(r);
  });
}

}  // namespace

void rmsnorm(MatView<const float> x, const float* w, float eps, Mat y, float* rstd) {
  with_type(y.type, [&]<class T>() {
    const auto out = y.as<T>();
    const auto& t = typed_table<T>();
    for_rows(x.rows, x.cols,
             [&](int64_t r) { rstd[r] = t.rmsnorm(x.row(r), w, out.row(r), eps, x.cols); });
  });
}

void rmsnorm_backward(ConstMat dy, MatView<const float> x, const float* w, const float* rstd,
                      MatView<float> dx) {
  with_type(dy.type, [&]<class T>() {
    const auto d = dy.as<T>();
    const auto& t = typed_table<T>();
    for_rows(x.rows, x.cols, [&](int64_t r) {
      t.rmsnorm_backward(d.row(r), x.row(r), w, rstd[r], dx.row(r), x.cols);
    });
  });
}

void rmsnorm_weight_gradient(ConstMat dy, MatView<const float> x, const float* rstd, float* dw) {
  with_type(dy.type, [&]<class T>() {
    const auto d = dy.as<T>();
    parallel_for(x.cols, grain(x.rows), [&](int64_t begin, int64_t end) {
      for (int64_t r = 0; r < x.rows; ++r) {
        const float* in = x.row(r);
        for (int64_t i = begin; i < end; ++i) dw[i] += to_float(d.row(r)[i]) * in[i] * rstd[r];
      }
    });
  });
}

namespace {

constexpr int64_t kLargestHead = 1024;

// A head's values in f32: where they lie, or in `room`.
const float* widened(const float* x, float*, int64_t) { return x; }
const float* widened(const bf16* x, float* room, int64_t count) {
  typed_table<bf16>().to_f32(x, room, count);
  return room;
}

}  // namespace

void rmsnorm_heads(ConstMat x, int64_t head_size, const float* w, float eps, Mat y, float* rstd) {
  RELATUM_CHECK(head_size <= kLargestHead && x.cols % head_size == 0 && x.type == y.type);
  const int64_t heads = x.cols / head_size;
  with_type(x.type, [&]<class T>() {
    const auto in = x.as<T>();
    const auto out = y.as<T>();
    const auto& t = typed_table<T>();
    for_rows(x.rows, x.cols, [&](int64_t r) {
      float room[kLargestHead];
      for (int64_t h = 0; h < heads; ++h) {
        const float* head = widened(in.row(r) + h * head_size, room, head_size);
        const float scale = t.rmsnorm(head, w, out.row(r) + h * head_size, eps, head_size);
        if (rstd) rstd[r * heads + h] = scale;
      }
    });
  });
}

void rmsnorm_heads_backward(ConstMat dy, ConstMat x, int64_t head_size, const float* w,
                            const float* rstd, Mat dx) {
  RELATUM_CHECK(head_size <= kLargestHead && dy.type == x.type && dx.type == x.type);
  const int64_t heads = x.cols / head_size;
  with_type(x.type, [&]<class T>() {
    const auto in = x.as<T>(), d = dy.as<T>();
    const auto out = dx.as<T>();
    const auto& t = typed_table<T>();
    for_rows(x.rows, x.cols, [&](int64_t r) {
      float room[kLargestHead], sum[kLargestHead];
      for (int64_t h = 0; h < heads; ++h) {
        const int64_t begin = h * head_size;
        std::memset(sum, 0, size_t(head_size) * sizeof(float));
        t.rmsnorm_backward(d.row(r) + begin, widened(in.row(r) + begin, room, head_size), w,
                           rstd[r * heads + h], sum, head_size);
        t.from_f32(sum, out.row(r) + begin, head_size);
      }
    });
  });
}

void rmsnorm_heads_weight_gradient(ConstMat dy, ConstMat x, int64_t head_size, const float* rstd,
                                   float* dw) {
  const int64_t heads = x.cols / head_size;
  with_type(x.type, [&]<class T>() {
    const auto in = x.as<T>(), d = dy.as<T>();
    parallel_for(head_size, grain(x.rows * heads), [&](int64_t begin, int64_t end) {
      for (int64_t r = 0; r < x.rows; ++r) {
        for (int64_t h = 0; h < heads; ++h) {
          const T *values = in.row(r) + h * head_size, *slopes = d.row(r) + h * head_size;
          const float scale = rstd[r * heads + h];
          for (int64_t i = begin; i < end; ++i) {
            dw[i] += to_float(slopes[i]) * to_float(values[i]) * scale;
          }
        }
      }
    });
  });
}

void layernorm(MatView<const float> x, const float* w, const float* b, float eps, MatView<float> y,
               float* stats) {
  for_rows(x.rows, x.cols, [&](int64_t r) {
    table().layernorm(x.row(r), {w, b, eps}, y.row(r), stats + 2 * r, x.cols);
  });
}

void layernorm_backward(MatView<const float> dy, MatView<const float> x, const float* w,
                        const float* stats, MatView<float> dx) {
  for_rows(x.rows, x.cols, [&](int64_t r) {
    table().layernorm_backward(dy.row(r), x.row(r), w, stats + 2 * r, dx.row(r), x.cols);
  });
}

void gate(Activation f, ConstMat gate_up, Mat y) {
  with_type(y.type, [&]<class T>() {
    const auto in = gate_up.as<T>();
    const auto out = y.as<T>();
    const auto loop = typed_table<T>().activations[int(f)].gated;
    for_rows(out.rows, out.cols,
             [&](int64_t r) { loop(in.row(r), in.row(r) + out.cols, out.row(r), out.cols); });
  });
}

void gate_backward(Activation f, ConstMat dy, ConstMat gate_up, Mat dgate_up) {
  with_type(dy.type, [&]<class T>() {
    const auto d = dy.as<T>();
    const auto in = gate_up.as<T>();
    const auto out = dgate_up.as<T>();
    const int64_t half = d.cols;
    const auto loop = typed_table<T>().activations[int(f)].gated_backward;
    for_rows(d.rows, half, [&](int64_t r) {
      loop(d.row(r), in.row(r), in.row(r) + half, out.row(r), out.row(r) + half, half);
    });
  });
}

void activate(Activation f, ConstMat x, Mat y) {
  with_type(x.type, [&]<class T>() {
    const auto in = x.as<T>();
    const auto out = y.as<T>();
    const auto loop = typed_table<T>().activations[int(f)].plain;
    for_rows(in.rows, in.cols, [&](int64_t r) { loop(in.row(r), out.row(r), in.cols); });
  });
}

void activate_backward(Activation f, ConstMat dy, ConstMat x, Mat dx) {
  with_type(x.type, [&]<class T>() {
    const auto d = dy.as<T>(), in = x.as<T>();
    const auto out = dx.as<T>();
    const auto loop = typed_table<T>().activations[int(f)].plain_backward;
    for_rows(in.rows, in.cols, [&](int64_t r) { loop(d.row(r), in.row(r), out.row(r), in.cols); });
  });
}

void rope(Mat x, int64_t head_size, MatView<const float> angles, bool inverse) {
  RELATUM_CHECK(angles.rows == x.rows && x.cols % head_size == 0);
  const int64_t half = head_size / 2, heads = x.cols / head_size;
  with_type(x.type, [&]<class T>() {
    const auto view = x.as<T>();
    for_rows(x.rows, x.cols, [&](int64_t r) {
      const float* row = angles.row(r);
      typed_table<T>().rope(view.row(r), row, row + half, inverse ? -1.0f : 1.0f, heads, half);
    });
  });
}

void dropout(ConstMat x, const DropoutMask& mask, bool add, Mat y) {
  RELATUM_CHECK(int64_t(mask.keys.size()) == x.rows);
  with_type(x.type, [&]<class T>() {
    const auto in = x.as<T>();
    const auto out = y.as<T>();
    const auto function = add ? typed_table<T>().dropout_add : typed_table<T>().dropout;
    for_rows(x.rows, x.cols, [&](int64_t r) {
      const uint64_t key = mix64(mask.keys[size_t(r)] ^ mask.salt);
      function(in.row(r), out.row(r), key, mask.p, x.cols);
    });
  });
}

void hadamard_rows(ConstMat x, MatView<float> y) {
  RELATUM_CHECK(y.rows == x.rows && y.cols == x.cols);
  with_type(x.type, [&]<class T>() {
    const auto in = x.as<T>();
    for_rows(x.rows, x.cols,
             [&](int64_t r) { typed_table<T>().hadamard(in.row(r), y.row(r), x.cols); });
  });
}

void quantise_rows(ConstMat x, MatView<int8_t> codes, std::span<float> scales) {
  RELATUM_CHECK(codes.rows == x.rows && codes.cols == x.cols && int64_t(scales.size()) == x.rows);
  with_type(x.type, [&]<class T>() {
    const auto in = x.as<T>();
    for_rows(x.rows, x.cols, [&](int64_t r) {
      scales[size_t(r)] = typed_table<T>().quantise(in.row(r), codes.row(r), x.cols);
    });
  });
}

namespace {

// take(r, row r of x as hadamard_rows() turns it)
template <class Take>
void turn_rows(ConstMat x, MatView<float> scratch, const Take& take) {
  RELATUM_CHECK(scratch.rows >= thread_count() && scratch.cols == x.cols);
  with_type(x.type, [&]<class T>() {
    const auto in = x.as<T>();
    for_rows(x.rows, x.cols, [&](int64_t r) {
      float* turned = scratch.row(parallel_slot());
      typed_table<T>().hadamard(in.row(r), turned, x.cols);
      take(r, turned);
    });
  });
}

}  // namespace

void quantise_turned_rows(ConstMat x, MatView<int8_t> codes, std::span<float> scales,
                          MatView<float> scratch) {
  RELATUM_CHECK(codes.rows == x.rows && codes.cols == x.cols && int64_t(scales.size()) == x.rows);
  turn_rows(x, scratch, [&](int64_t r, const float* turned) {
    scales[size_t(r)] = table().f32.quantise(turned, codes.row(r), x.cols);
  });
}

void quantise_turned_rows(ConstMat x, MatView<int16_t> codes, float most, std::span<float> scales,
                          MatView<float> scratch) {
  RELATUM_CHECK(codes.rows == x.rows && codes.cols == x.cols && int64_t(scales.size()) == x.rows);
  turn_rows(x, scratch, [&](int64_t r, const float* turned) {
    scales[size_t(r)] = table().f32.quantise_wide(turned, codes.row(r), most, x.cols);
  });
}

void rescale_rows(Mat y, std::span<const float> scales, std::span<const float> bias, ConstMat add) {
  RELATUM_CHECK(scales.empty() || int64_t(scales.size()) == y.rows);
  RELATUM_CHECK(bias.empty() || int64_t(bias.size()) == y.cols);
  RELATUM_CHECK(!add.data || (add.rows == y.rows && add.cols == y.cols));
  const auto more = add.data ? add.as<float>() : MatView<const float>{};
  with_type(y.type, [&]<class T>() {
    const auto out = y.as<T>();
    for_rows(y.rows, y.cols, [&](int64_t r) {
      typed_table<T>().rescale(out.row(r), scales.empty() ? 1.0f : scales[size_t(r)],
                               bias.empty() ? nullptr : bias.data(),
                               more.data ? more.row(r) : nullptr, out.row(r), y.cols);
    });
  });
}

void convert(ConstMat x, Mat y) {
  RELATUM_CHECK(x.rows == y.rows && x.cols == y.cols);
  if (x.type == y.type) {
    for_rows(x.rows, x.cols, [&](int64_t r) {
      std::memcpy(y.byte_at(r, 0), x.byte_at(r, 0), size_t(x.cols) * size_of(x.type));
    });
  } else if (x.type == DType::kF32) {
    const auto in = x.as<float>();
    const auto out = y.as<bf16>();
    for_rows(x.rows, x.cols,
             [&](int64_t r) { typed_table<bf16>().from_f32(in.row(r), out.row(r), x.cols); });
  } else {
    const auto in = x.as<bf16>();
    const auto out = y.as<float>();
    for_rows(x.rows, x.cols,
             [&](int64_t r) { typed_table<bf16>().to_f32(in.row(r), out.row(r), x.cols); });
  }
}

void add(MatView<const float> x, MatView<float> y) {
  for_rows(x.rows, x.cols, [&](int64_t r) { table().add(x.row(r), y.row(r), x.cols); });
}

void gather_rows(ConstMat x, std::span<const int64_t> rows, Mat y) {
  const size_t bytes = size_t(x.cols) * size_of(x.type);
  for (size_t i = 0; i < rows.size(); ++i) {
    std::memcpy(y.byte_at(int64_t(i), 0), x.byte_at(rows[i], 0), bytes);
  }
}

void scatter_add_rows(MatView<const float> y, std::span<const int64_t> rows, MatView<float> x) {
  for (size_t i = 0; i < rows.size(); ++i) {
    table().add(y.row(int64_t(i)), x.row(rows[i]), x.cols);
  }
}

void add_to_rows(MatView<const float> y, std::span<const int32_t> rows, MatView<float> x) {
  parallel_for(x.cols, grain(y.rows), [&](int64_t begin, int64_t end) {
    for (size_t i = 0; i < rows.size(); ++i) {
      table().add(y.row(int64_t(i)) + begin, x.row(rows[i]) + begin, end - begin);
    }
  });
}

double cross_entropy(MatView<const float> logits, std::span<const int32_t> targets, Mat dlogits,
                     std::span<double> losses) {
  RELATUM_CHECK(losses.size() == targets.size());
  if (!dlogits.data) {
    log_sum_exp(logits, losses);
    for (size_t i = 0; i < losses.size(); ++i) {
      losses[i] -= double(logits.row(int64_t(i))[targets[i]]);
    }
  } else {
    with_type(dlogits.type, [&]<class T>() {
      const auto out = dlogits.as<T>();
      for_rows(logits.rows, logits.cols, [&](int64_t r) {
        losses[size_t(r)] = typed_table<T>().cross_entropy_backward(
            logits.row(r), targets[size_t(r)], out.row(r), logits.cols);
      });
    });
  }
  double sum = 0;
  for (const double loss : losses) sum += loss;
  return sum;
}

void log_sum_exp(MatView<const float> logits, std::span<double> out) {
  for_rows(logits.rows, logits.cols,
           [&](int64_t r) { out[size_t(r)] = table().log_sum_exp(logits.row(r), logits.cols); });
}

int64_t largest(std::span<const float> row) {
  return table().largest(row.data(), int64_t(row.size()));
}

}  // namespace relatum::kernels
