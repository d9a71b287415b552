// Search behind Index: candidates in f32, order and certainty from products in double.
#include "retrieve/index.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "base/error.h"
#include "retrieve/flat/flat.h"

namespace relatum::retrieve {
namespace {

// A few more are asked for than wanted: mostly enough to be certain at the first try.
constexpr int64_t kSpare = 8;
// Queries of one call: bounds the memory for candidates.
constexpr int64_t kBlock = 1024;
// Longest vector taken: products of two such vectors stay far inside f32's range.
constexpr double kLongest = 1e15;

double product(const float* a, const float* b, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += double(a[i]) * double(b[i]);
  return sum;
}

double length(const float* a, int64_t n) { return std::sqrt(product(a, a, n)); }

std::vector<float> packed(MatView<const float> rows) {
  std::vector<float> values;
  values.reserve(size_t(rows.size()));
  for (int64_t i = 0; i < rows.rows; ++i) {
    values.insert(values.end(), rows.row(i), rows.row(i) + rows.cols);
  }
  return values;
}

bool better(const Neighbour& a, const Neighbour& b) {
  return a.similarity != b.similarity ? a.similarity > b.similarity : a.row < b.row;
}

}  // namespace

/// One call of search(): queries that are not certain yet are asked again, deeper.
struct Index::Search {
  const Index& index;
  MatView<const float> queries;
  int64_t k;
  std::vector<std::vector<Neighbour>>& found;

  std::vector<int64_t> run(std::span<const int64_t> wanted, int64_t depth) const;
  bool settle(int64_t query, std::span<const int64_t> rows, float last) const;
};

std::vector<int64_t> Index::Search::run(std::span<const int64_t> wanted, int64_t depth) const {
  const int64_t d = index.dimension(), n = int64_t(wanted.size());
  std::vector<float> values(size_t(n * d)), scores(size_t(n * depth));
  std::vector<int64_t> rows(size_t(n * depth)), open;
  for (int64_t i = 0; i < n; ++i) {
    std::copy_n(queries.row(wanted[size_t(i)]), d, values.data() + i * d);
  }
  index.flat_->candidates(n, values.data(), depth, scores.data(), rows.data());
  for (int64_t i = 0; i < n; ++i) {
    const std::span candidates(rows.data() + i * depth, size_t(depth));
    const float last = scores[size_t((i + 1) * depth - 1)];
    if (!settle(wanted[size_t(i)], candidates, last)) open.push_back(wanted[size_t(i)]);
  }
  return open;
}

/// `last`: the f32 score of the worst candidate, which no other row exceeds. True where that
/// proves, rounding included, that the best k are among the candidates.
bool Index::Search::settle(int64_t query, std::span<const int64_t> rows, float last) const {
  const int64_t d = index.dimension();
  const float* q = queries.row(query);
  std::vector<Neighbour>& best = found[size_t(query)];
  best.clear();
  for (const int64_t row : rows) {
    RELATUM_CHECK(row >= 0 && row < index.size());
    best.push_back({row, product(q, index.flat_->values() + row * d, d)});
  }
  std::sort(best.begin(), best.end(), better);
  best.resize(size_t(k));
  // Higham 2002, section 3.1: an f32 sum of d products is off by at most gamma(d) |q| |x|.
  const double rounding = double(d) * 0x1.0p-24;
  const double bound = rounding / (1 - rounding) * length(q, d) * index.longest_;
  return int64_t(rows.size()) == index.size() || best.back().similarity > double(last) + bound;
}

Index::Index(int64_t dimension) : dimension_(dimension) {
  RELATUM_CHECK(dimension > 0);
  flat_ = make_flat(dimension);
}
Index::~Index() = default;
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(Index&&) noexcept = default;

int64_t Index::dimension() const { return dimension_; }
int64_t Index::size() const { return flat_->size(); }

std::span<const float> Index::row(int64_t i) const {
  RELATUM_CHECK(i >= 0 && i < size());
  return {flat_->values() + i * dimension_, size_t(dimension_)};
}

void Index::add(MatView<const float> rows) {
  RELATUM_CHECK(rows.cols == dimension());
  note_norms(rows, "the rows to be indexed");
  flat_->add(rows.rows, packed(rows).data());
}

void Index::note_norms(MatView<const float> rows, const std::string& place) {
  for (int64_t i = 0; i < rows.rows; ++i) {
    const double norm = length(rows.row(i), rows.cols);
    if (!(norm <= kLongest)) {
      fail("retrieve.index", fmt::format("{}: vector {} holds a value that is not finite, or "
                                         "out of all proportion. Make the embeddings again.",
                                         place, i));
    }
    longest_ = std::max(longest_, norm);
  }
}

std::vector<std::vector<Neighbour>> Index::search(MatView<const float> queries, int64_t k) const {
  RELATUM_CHECK(k >= 0);
  if (queries.cols != dimension()) {  // a forged index can name an embedder of another width
    fail("retrieve.index", fmt::format("queries of {} values cannot be compared with rows of {}. "
                                       "Use the embedder that the index was made with.",
                                       queries.cols, dimension()));
  }
  std::vector<std::vector<Neighbour>> found(size_t(queries.rows));
  k = std::min(k, size());
  if (k == 0) return found;
  const Search search{*this, queries, k, found};
  for (int64_t begin = 0; begin < queries.rows; begin += kBlock) {
    std::vector<int64_t> open;
    for (int64_t i = begin; i < std::min(begin + kBlock, queries.rows); ++i) {
      if (!(length(queries.row(i), queries.cols) <= kLongest)) {
        fail("retrieve.index", fmt::format("query {} holds a value that is not finite, or out of "
                                           "all proportion.",
                                           i));
      }
      open.push_back(i);
    }
    for (int64_t depth = k; !open.empty(); depth *= 2) {
      depth = std::min(depth + kSpare, size());
      open = search.run(open, depth);
    }
  }
  return found;
}

}  // namespace relatum::retrieve
