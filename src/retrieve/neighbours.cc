// Groups queries by how many rows are excluded for them, so that each searches deep enough.
#include "retrieve/neighbours.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "tensor/buffer.h"

namespace relatum::retrieve {
namespace {

using Keys = std::span<const std::string>;

/// Queries by depth of search: K, and one more for each row that is excluded for them.
std::map<int64_t, std::vector<int64_t>> by_depth(Keys query_keys, Keys row_keys,
                                                 const NeighbourOptions& options) {
  std::unordered_map<std::string_view, int64_t> copies;
  if (options.exclude_equal) {
    for (const std::string& key : row_keys) ++copies[key];
  }
  const int64_t excluded = std::count(options.excluded.begin(), options.excluded.end(), true);
  std::map<int64_t, std::vector<int64_t>> groups;
  for (size_t i = 0; i < query_keys.size(); ++i) {
    const auto found = copies.find(query_keys[i]);
    const int64_t more = found == copies.end() ? 0 : found->second;
    groups[options.count + excluded + more].push_back(int64_t(i));
  }
  return groups;
}

Matrix<float> gather(MatView<const float> rows, std::span<const int64_t> wanted) {
  Matrix<float> result(int64_t(wanted.size()), rows.cols);
  for (size_t i = 0; i < wanted.size(); ++i) {
    std::copy_n(rows.row(wanted[i]), rows.cols, result.row(int64_t(i)));
  }
  return result;
}

}  // namespace

Neighbours find_neighbours(const Index& index, MatView<const float> queries, Keys query_keys,
                           Keys row_keys, const NeighbourOptions& options) {
  RELATUM_CHECK(queries.rows == int64_t(query_keys.size()));
  RELATUM_CHECK(index.size() == int64_t(row_keys.size()) && options.count >= 0);
  RELATUM_CHECK(options.excluded.empty() || options.excluded.size() == row_keys.size());
  Neighbours result;
  result.of.resize(query_keys.size());
  for (const auto& [depth, group] : by_depth(query_keys, row_keys, options)) {
    auto found = index.search(gather(queries, group).view(), depth);
    for (size_t i = 0; i < group.size(); ++i) {
      const std::string& key = query_keys[size_t(group[i])];
      const auto equal = [&](const Neighbour& n) { return row_keys[size_t(n.row)] == key; };
      const auto excluded = [&](const Neighbour& n) { return options.excluded[size_t(n.row)]; };
      std::vector<Neighbour>& mine = result.of[size_t(group[i])];
      mine = std::move(found[i]);
      if (options.exclude_equal) std::erase_if(mine, equal);
      if (!options.excluded.empty()) std::erase_if(mine, excluded);
      if (int64_t(mine.size()) > options.count) mine.resize(size_t(options.count));
      result.overlap += !mine.empty() && equal(mine.front());
    }
  }
  return result;
}

}  // namespace relatum::retrieve
