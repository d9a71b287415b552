// The weight that a base and an adapter are together.
#pragma once

#include <cstdint>

#include "tensor/mat.h"
#include "train/adapter.h"

namespace relatum::train {

/// Turns rows [begin, begin + rows.rows) of an adapted linear's base weight W, N x K, in f32, into
/// those of the weight that gives the same product without the adapter: W + scale B A, and with
/// magnitudes (DoRA) each row of that at its magnitude's length. The rows are
/// in the order of Hugging Face's files, rows.cols = K. What one row becomes depends on no other.
/// The sum over the ranks is rounded apart from W, so the result is off by little more than the one
/// rounding of its own. In parallel; the same bits whatever the threads.
void merge_rows(const Adapter& adapter, const AdapterModule& module, int64_t begin,
                MatView<float> rows);

}  // namespace relatum::train
