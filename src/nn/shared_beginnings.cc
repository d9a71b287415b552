// A radix tree over sorted rows.
#include "nn/shared_beginnings.h"

#include <algorithm>
#include <numeric>

namespace relatum::nn {
namespace {

using Row = std::span<const int32_t>;

int64_t common(Row a, Row b, int64_t from) {
  const int64_t limit = int64_t(std::min(a.size(), b.size()));
  while (from < limit && a[size_t(from)] == b[size_t(from)]) ++from;
  return from;
}

class Builder {
 public:
  Builder(std::span<const Row> rows, int64_t min_shared) : rows_(rows), min_shared_(min_shared) {
    order_.resize(rows.size());
    std::iota(order_.begin(), order_.end(), size_t{0});
    std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) {
      return std::lexicographical_compare(rows[a].begin(), rows[a].end(), rows[b].begin(),
                                          rows[b].end());
    });
  }

  std::vector<SharedSegment> build() {
    // Ranges of sorted rows whose tokens up to `depth` stand above, and agree up to `known`.
    std::vector<Range> open{{0, order_.size(), -1, 0, 0}};
    if (order_.empty()) open.clear();
    while (!open.empty()) {
      const Range range = open.back();
      open.pop_back();
      split(range, open);
    }
    return std::move(result_);
  }

 private:
  struct Range {
    size_t low, high;
    int64_t parent, depth, known;
  };

  Row row(size_t i) const { return rows_[order_[i]]; }

  void split(Range range, std::vector<Range>& open) {
    const int64_t index = int64_t(order_[range.low]);
    if (range.high - range.low == 1) {
      result_.push_back({range.parent, index, range.depth, int64_t(row(range.low).size()), true});
      return;
    }
    const int64_t agreed = common(row(range.low), row(range.high - 1), range.known);
    if (agreed - range.depth >= min_shared_) {
      result_.push_back({range.parent, index, range.depth, agreed, false});
      range.parent = int64_t(result_.size()) - 1;
      range.depth = agreed;
    }
    // Rows that end here come first; each is a group of its own.
    size_t begin = range.low;
    while (begin < range.high) {
      size_t end = begin + 1;
      const bool ended = int64_t(row(begin).size()) == agreed;
      while (!ended && end < range.high && row(end)[size_t(agreed)] == row(begin)[size_t(agreed)]) {
        ++end;
      }
      open.push_back({begin, end, range.parent, range.depth, agreed});
      begin = end;
    }
  }

  std::span<const Row> rows_;
  int64_t min_shared_;
  std::vector<size_t> order_;
  std::vector<SharedSegment> result_;
};

}  // namespace

std::vector<SharedSegment> share_beginnings(std::span<const Row> rows, int64_t min_shared) {
  return Builder(rows, min_shared).build();
}

int64_t common_beginning(std::span<const Row> rows) {
  if (rows.empty()) return 0;
  int64_t shared = int64_t(rows[0].size());
  for (const Row row : rows.subspan(1)) {
    shared = std::min(shared, common(rows[0].first(size_t(shared)), row, 0));
  }
  return shared;
}

}  // namespace relatum::nn
