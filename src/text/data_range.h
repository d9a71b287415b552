// Which bytes of a text come from data, where no control token may be read.
#pragma once

#include <cstddef>
#include <span>

namespace relatum::text {

/// Bytes [begin, end) of a text. Ranges of one text are in order and do not overlap.
struct DataRange {
  size_t begin = 0, end = 0;
};

/// Whether [begin, end) has a byte in one of the ranges.
inline bool touches(std::span<const DataRange> data, size_t begin, size_t end) {
  size_t low = 0, high = data.size();  // the first range that ends behind `begin`
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (data[middle].end <= begin) low = middle + 1;
    else high = middle;
  }
  return low < data.size() && data[low].begin < end;
}

}  // namespace relatum::text
