// Weights to panels; rows to integers; tasks to threads.
#include "kernels/integers.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/parallel_for.h"
#include "kernels/cpu.h"
#include "kernels/isa/table.h"
#include "kernels/rows.h"

namespace relatum::kernels {
namespace {

constexpr int64_t kTaskRows = 256;  // of a task, which has one panel

// Largest code of an input: K products with 127 fit in 32 bits, whatever they are.
int64_t largest_code(int64_t cols) { return std::clamp<int64_t>(INT32_MAX / 127 / cols, 1, 8191); }

// oneDNN's 8-bit products are exact there.
bool by_onednn() { return isa() == Isa::kAvx512 && has_vnni(); }

}  // namespace

IntegerWeights::IntegerWeights(MatView<float> weight) : in_(weight.cols), out_(weight.rows) {
  RELATUM_CHECK(in_ > 0 && out_ > 0);
  hadamard_rows(weight, weight);
  if (by_onednn()) {
    packed_ = PackedMatrix::quantised(weight);
    return;
  }
  std::vector<int8_t> codes(size_t(in_ * out_));
  const MatView<int8_t> rows(codes.data(), out_, in_);
  const int64_t width = table().integer_width, pairs = (in_ + 1) / 2;
  const int64_t count = (out_ + width - 1) / width;
  scales_.resize(size_t(count * width));
  quantise_rows(weight, rows, std::span(scales_).first(size_t(out_)));
  panels_ = Buffer(size_t(count * pairs * 2 * width));
  auto* panels = reinterpret_cast<int8_t*>(panels_.data());
  std::memset(panels, 0, panels_.size());
  parallel_for(count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin * width; n < std::min(end * width, out_); ++n) {
      int8_t* to = panels + n / width * pairs * 2 * width + 2 * (n % width);
      for (int64_t k = 0; k < in_; ++k) to[k / 2 * 2 * width + k % 2] = rows.row(n)[k];
    }
  });
}

size_t IntegerWeights::bytes() const {
  return packed_.bytes() + panels_.size() + scales_.size() * sizeof(float);
}

void IntegerWeights::multiply(ConstMat x, Mat y, std::span<const float> bias, ConstMat add,
                              Arena& arena) const {
  RELATUM_CHECK(x.cols == in_ && y.cols == out_ && x.rows == y.rows);
  RELATUM_CHECK(bias.empty() || int64_t(bias.size()) == out_);
  const Arena::Mark mark = arena.mark();
  if (packed_) {
    multiply_packed(x, y, bias, add, arena);
  } else {
    multiply_panels(x, y, bias, add, arena);
  }
  arena.release(mark);
}

void IntegerWeights::multiply_packed(ConstMat x, Mat y, std::span<const float> bias, ConstMat add,
                                     Arena& arena) const {
  const int64_t spare = rounded_rows(x.rows) - x.rows;
  Mat codes(MatView<int8_t>(arena.allocate_array<int8_t>((x.rows + spare) * in_), x.rows, in_));
  codes.spare = spare;
  const std::span<float> scales(arena.allocate_array<float>(x.rows), size_t(x.rows));
  const MatView<float> turned(arena.allocate_array<float>(thread_count() * in_), thread_count(),
                              in_);
  quantise_turned_rows(x, codes.as<int8_t>(), scales, turned);
  gemm({.a = codes, .c = y, .packed = &packed_});
  rescale_rows(y, scales, bias, add);
}

void IntegerWeights::multiply_panels(ConstMat x, Mat y, std::span<const float> bias, ConstMat add,
                                     Arena& arena) const {
  if (x.rows == 0) return;
  const int64_t pairs = (in_ + 1) / 2;
  const MatView<int16_t> codes(arena.allocate_array<int16_t>(x.rows * pairs * 2), x.rows, in_,
                               pairs * 2);
  const std::span<float> scales(arena.allocate_array<float>(x.rows), size_t(x.rows));
  const MatView<float> turned(arena.allocate_array<float>(thread_count() * in_), thread_count(),
                              in_);
  quantise_turned_rows(x, codes, float(largest_code(in_)), scales, turned);
  if (in_ % 2 != 0) {
    for (int64_t r = 0; r < x.rows; ++r) codes.row(r)[in_] = 0;
  }
  const Table& t = table();
  const IntegerProduct task{codes.data,
                            scales.data(),
                            pairs,
                            codes.stride,
                            reinterpret_cast<const int8_t*>(panels_.data()),
                            scales_.data(),
                            out_,
                            bias.empty() ? nullptr : bias.data(),
                            add.data ? add.as<float>().data : nullptr,
                            add.stride,
                            y.data,
                            y.type == DType::kBF16,
                            y.stride};
  const auto product = has_vnni() ? t.vnni_integer_product : t.integer_product;
  const int64_t panels = (out_ + t.integer_width - 1) / t.integer_width;
  const int64_t stretches = (x.rows + kTaskRows - 1) / kTaskRows;
  parallel_each(panels * stretches, [&](int64_t i) {
    const int64_t begin = i / panels * kTaskRows;
    product(task, begin, std::min(begin + kTaskRows, x.rows), i % panels);
  });
}

}  // namespace relatum::kernels
