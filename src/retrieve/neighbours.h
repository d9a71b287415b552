// The most similar stored examples of each query, never the query itself in training.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "retrieve/index.h"

namespace relatum::retrieve {

struct NeighbourOptions {
  int64_t count = 1;  ///< neighbours per query, K
  /// For training and dev data: a row whose key equals the query's is never its neighbour.
  bool exclude_equal = false;
  /// One per row of the index, true: nobody's neighbour. Empty: none is left out.
  std::vector<bool> excluded = {};
};

struct Neighbours {
  /// Per query at most K, best first, ties to the earlier row; fewer where the index has no more.
  std::vector<std::vector<Neighbour>> of;
  /// Queries whose nearest neighbour has the query's own key; 0 where those are excluded.
  int64_t overlap = 0;
};

/// queries: n x D. Keys are normalised texts (task::normalised_text), one per query and one per
/// row of the index. Where rows are excluded the search goes deeper by as many.
Neighbours find_neighbours(const Index& index, MatView<const float> queries,
                           std::span<const std::string> query_keys,
                           std::span<const std::string> row_keys, const NeighbourOptions& options);

}  // namespace relatum::retrieve
