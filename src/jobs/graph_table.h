// The strongest edges of a graph, for people to look at.
#pragma once

#include <cstdint>
#include <string>

#include "graph/store.h"

namespace relatum::jobs {

/// The `count` most probable edges (of equal ones those with more support, then in the graph's
/// order), each with its surest sentence below it; then how many more there are. `columns`: of the
/// terminal, for the sentences. Names and sentences are made safe for one. "" where there are none.
std::string strongest_edges(const graph::GraphStore& store, int64_t count, int64_t columns);

}  // namespace relatum::jobs
