// Candidates from dense products and a partial sort.
#include <algorithm>
#include <vector>

#include "base/parallel_for.h"
#include "kernels/gemm.h"
#include "retrieve/flat/flat.h"

namespace relatum::retrieve {
namespace {

constexpr int64_t kQueries = 64, kRows = 16384;  // scores of 4 MB at once

class PlainFlat : public Flat {
 public:
  explicit PlainFlat(int64_t dimension) : dimension_(dimension) {}
  int64_t size() const override { return int64_t(values_.size()) / dimension_; }
  const float* values() const override { return values_.data(); }
  void add(int64_t rows, const float* values) override {
    values_.insert(values_.end(), values, values + rows * dimension_);
  }
  void candidates(int64_t n, const float* queries, int64_t depth, float* scores,
                  int64_t* rows) const override {
    for (int64_t begin = 0; begin < n; begin += kQueries) {
      const int64_t count = std::min(kQueries, n - begin);
      find(count, queries + begin * dimension_, depth, scores + begin * depth,
           rows + begin * depth);
    }
  }

 private:
  using Scored = std::pair<float, int64_t>;
  static bool better(const Scored& a, const Scored& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  }

  ConstMat view(const float* values, int64_t rows) const {
    return {values, DType::kF32, rows, dimension_};
  }

  // Block after block of stored rows; each query keeps the best `depth` of what it has seen.
  void find(int64_t n, const float* queries, int64_t depth, float* scores, int64_t* rows) const {
    std::vector<std::vector<Scored>> best(static_cast<size_t>(n));
    std::vector<float> products(size_t(n * std::min(kRows, size())));
    for (int64_t begin = 0; begin < size(); begin += kRows) {
      const int64_t count = std::min(kRows, size() - begin);
      kernels::gemm({.a = view(queries, n),
                     .b = view(values_.data() + begin * dimension_, count),
                     .c = {products.data(), DType::kF32, n, count},
                     .transpose_b = true});
      parallel_each(n, [&](int64_t q) {
        merge(best[size_t(q)], products.data() + q * count, begin, count, depth);
      });
    }
    for (int64_t q = 0; q < n; ++q) {
      for (int64_t i = 0; i < depth; ++i) {
        scores[q * depth + i] = best[size_t(q)][size_t(i)].first;
        rows[q * depth + i] = best[size_t(q)][size_t(i)].second;
      }
    }
  }

  static void merge(std::vector<Scored>& best, const float* products, int64_t begin, int64_t count,
                    int64_t depth) {
    for (int64_t i = 0; i < count; ++i) best.emplace_back(products[i], begin + i);
    const auto middle = best.begin() + std::min<int64_t>(depth, int64_t(best.size()));
    std::partial_sort(best.begin(), middle, best.end(), better);
    best.erase(middle, best.end());
  }

  int64_t dimension_;
  std::vector<float> values_;
};

}  // namespace

std::unique_ptr<Flat> make_plain_flat(int64_t dimension) {
  return std::make_unique<PlainFlat>(dimension);
}

}  // namespace relatum::retrieve
