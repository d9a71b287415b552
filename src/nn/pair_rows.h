// Two states side by side, as a classifier over two positions reads them.
#pragma once

#include "nn/graph.h"

namespace relatum::nn {

/// y: T/2 x 2D, rows 2i and 2i + 1 of x side by side, in x's memory; x has no other reader. The
/// gradient is handed through in place.
Var pair_rows(Graph& graph, Var x);

}  // namespace relatum::nn
