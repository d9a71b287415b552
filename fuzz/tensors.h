// What the targets do with a file's tensors.
#pragma once

#include "io/to_weight.h"
#include "quant/format.h"
#include "target.h"
#include "tensor/buffer.h"

namespace relatum::fuzz {

/// Decodes the row that lies nearest to the file's end, unless it is refused.
template <class Tensor>
void decode_last_row(const Tensor& tensor) {
  constexpr int64_t kLongest = 1 << 20;
  accepts([&] {
    const Weight weight = io::to_weight(tensor);
    if (weight.size() == 0 || weight.cols > kLongest) return;
    Matrix<float> row(1, weight.cols);
    quant::decode_rows(weight, weight.rows - 1, row.view());
  });
}

}  // namespace relatum::fuzz
