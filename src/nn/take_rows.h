// Ops that move rows: embedding look-up and the choice of rows that count.
#pragma once

#include <cstdint>
#include <span>

#include "nn/graph.h"

namespace relatum::nn {

/// y[i] = x[rows[i]]; x itself where all its rows are asked for in their order. rows must be
/// distinct and outlive the graph.
/// backward: dx[rows[i]] += dy[i]; where x is bf16, this must be its only use.
Var take_rows(Graph& graph, Var x, std::span<const int64_t> rows);

}  // namespace relatum::nn
