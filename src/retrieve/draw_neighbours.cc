// Draws rows one by one and draws again where a row may not be taken.
#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "retrieve/neighbours.h"

namespace relatum::retrieve {
namespace {

using Keys = std::span<const std::string>;

// What a query's draws are numbered by: its name and its text, by content.
uint64_t stream_of(const std::string& name, const std::string& key) {
  const std::string text = name + '\0' + key;
  return std::stoull(sha256(std::as_bytes(std::span(text))).substr(0, 16), nullptr, 16);
}

// Rows that somebody may draw, and how many of them have a text.
struct Drawable {
  std::vector<int64_t> rows;
  std::unordered_map<std::string_view, int64_t> copies;
};

Drawable drawable_rows(Keys row_keys, const NeighbourOptions& options) {
  Drawable drawable;
  for (size_t i = 0; i < row_keys.size(); ++i) {
    if (!options.excluded.empty() && options.excluded[i]) continue;
    drawable.rows.push_back(int64_t(i));
    if (options.exclude_equal) ++drawable.copies[row_keys[i]];
  }
  return drawable;
}

double inner_product(std::span<const float> row, const float* query) {
  double sum = 0;
  for (size_t i = 0; i < row.size(); ++i) sum += double(row[i]) * double(query[i]);
  return sum;
}

}  // namespace

Neighbours draw_neighbours(const Index& index, const DrawQueries& queries, Keys row_keys,
                           const NeighbourOptions& options, uint64_t seed) {
  const auto& [vectors, keys, names] = queries;
  RELATUM_CHECK(vectors.rows == int64_t(keys.size()) && keys.size() == names.size());
  RELATUM_CHECK(index.size() == int64_t(row_keys.size()) && options.count >= 0);
  RELATUM_CHECK(options.excluded.empty() || options.excluded.size() == row_keys.size());
  RELATUM_CHECK(vectors.cols == index.dimension());
  const Drawable drawable = drawable_rows(row_keys, options);
  Neighbours result;
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto copies = drawable.copies.find(keys[i]);
    const int64_t equal = copies == drawable.copies.end() ? 0 : copies->second;
    const int64_t count = std::min(options.count, int64_t(drawable.rows.size()) - equal);
    const Rng rng(seed, stream_of(names[i], keys[i]));
    std::vector<Neighbour>& mine = result.of.emplace_back();
    // There are at least `count` rows that end this.
    for (uint64_t draw = 0; int64_t(mine.size()) < count; ++draw) {
      const int64_t row = drawable.rows[rng.below(draw, drawable.rows.size())];
      if (options.exclude_equal && row_keys[size_t(row)] == keys[i]) continue;
      if (std::ranges::find(mine, row, &Neighbour::row) != mine.end()) continue;
      mine.push_back({row, inner_product(index.row(row), vectors.row(int64_t(i)))});
    }
    result.overlap += !mine.empty() && row_keys[size_t(mine.front().row)] == keys[i];
  }
  return result;
}

}  // namespace relatum::retrieve
