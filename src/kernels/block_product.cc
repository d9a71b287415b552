// The formats' loops by name, and the activations' side.
#include "kernels/block_product.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "kernels/cpu.h"
#include "kernels/isa/table.h"

namespace relatum::kernels {
namespace {

constexpr int64_t kValues = 32;

/// nullopt where rows of it are not multiplied as they are stored.
std::optional<BlockFormat> block_format(std::string_view name) {
  const auto* found = std::ranges::find(kBlockFormatNames, name);
  if (found == std::end(kBlockFormatNames)) return std::nullopt;
  return BlockFormat(found - std::begin(kBlockFormatNames));
}

template <class Task>
auto product_of(const BlockProductsOf<Task>& products, std::string_view format) {
  return products.of[int(block_format(format).value())];
}

template <class T>
void quantise(MatView<const T> x, const BlockRows& out) {
  for (int64_t r = 0; r < x.rows; ++r) {
    for (int64_t b = 0; b < x.cols / kValues; ++b) {
      const int64_t at = r * (x.cols / kValues) + b;
      int8_t* codes = out.codes + at * kValues;
      out.scales[at] = typed_table<T>().quantise(x.row(r) + b * kValues, codes, kValues);
      int32_t sum = 0;
      for (int64_t i = 0; i < kValues; ++i) sum += codes[i];
      out.sums[at] = float(sum) * out.scales[at];
    }
  }
}

}  // namespace

bool has_block_product(std::string_view format) { return block_format(format).has_value(); }

void quantise_blocks(ConstMat x, const BlockRows& out) {
  RELATUM_CHECK(x.rows == out.rows && x.cols == out.cols && x.cols % kValues == 0);
  if (x.type == DType::kBF16) {
    quantise(x.as<bf16>(), out);
  } else {
    quantise(x.as<float>(), out);
  }
}

void block_product(std::string_view format, const BlockRows& x, std::span<const std::byte> weights,
                   MatView<float> y, int64_t begin, int64_t end) {
  const BlockProduct task{x.codes, x.scales,       x.sums, x.rows,
                          x.cols,  weights.data(), y.data, y.stride};
  product_of(has_vnni() ? table().vnni_blocks : table().blocks, format)(task, begin, end);
}

void sum_blocks(const FloatRows& rows) {
  RELATUM_CHECK(rows.x.cols % kValues == 0);
  float* sum = rows.sums;
  for (int64_t r = 0; r < rows.x.rows; ++r) {
    const float* x = rows.x.row(r);
    for (int64_t b = 0; b < rows.x.cols; b += kValues) {
      *sum++ = std::accumulate(x + b, x + b + kValues, 0.0f);
    }
  }
}

void block_product(std::string_view format, const FloatRows& x, std::span<const std::byte> weights,
                   MatView<float> y, int64_t begin, int64_t end) {
  const FloatBlockProduct task{x.x.data, x.x.stride,     x.sums, x.x.rows,
                               x.x.cols, weights.data(), y.data, y.stride};
  product_of(table().float_blocks, format)(task, begin, end);
}

}  // namespace relatum::kernels
