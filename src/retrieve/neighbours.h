// Stored examples of each query: the most similar ones, or random ones; in training never itself.
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

/// Queries that random rows are drawn for, n of each.
struct DrawQueries {
  MatView<const float> vectors;        ///< n x D, for the similarities that are told
  std::span<const std::string> keys;   ///< as find_neighbours() has them
  std::span<const std::string> names;  ///< with its key a query's name decides what it draws
};

/// At most K different rows per query, in the order in which they were drawn, all of the rows that
/// find_neighbours() may find being equally likely; fewer where there are no more. A query draws
/// the same whatever others it is asked with. Similarities are those of the rows that were drawn,
/// and `overlap` counts queries whose first row has their own key.
Neighbours draw_neighbours(const Index& index, const DrawQueries& queries,
                           std::span<const std::string> row_keys, const NeighbourOptions& options,
                           uint64_t seed);

}  // namespace relatum::retrieve
