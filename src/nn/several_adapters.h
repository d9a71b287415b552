// A linear layer over rows of several adapters: the base's product once for all rows, each
// adapter's thin products on its own stretch of them.
#pragma once

#include <span>

#include "nn/adapter_rows.h"
#include "nn/graph.h"
#include "nn/linear.h"

namespace relatum::nn {

/// What linears are told of a pass: `all` serves every row, or the batch's trees have `named` their
/// adapters, and then `all` is nullptr. Without dropout's keys.
AdapterUse adapter_use(const LoraSet* all, std::span<const AdapterRows> named);

/// y = linear(x) (+ add), each row with its own adapter; nothing is recorded. x: T x K, y: T x N,
/// add: f32 like y, or empty; rows: all T, in order. Rows whose adapters scale outputs (DoRA) take
/// a base product of their own, as theirs has neither bias nor residual yet.
void linear_rows(Graph& graph, const Linear& layer, ConstMat x, Mat y, ConstMat add,
                 std::span<const AdapterRows> rows);

}  // namespace relatum::nn
