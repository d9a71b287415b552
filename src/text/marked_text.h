// A text that knows which of its bytes come from data, and keeps knowing it when it is cut.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/data_range.h"

namespace relatum::text {

struct MarkedText {
  std::string text;
  std::vector<DataRange> data;  ///< in order, apart from each other

  /// Adds bytes that come from data, or do not.
  void append(std::string_view bytes, bool of_data = false);
  void append(const MarkedText& other) { append(other, 0, other.text.size()); }
  /// Adds bytes [begin, end) of another text with their marks.
  void append(const MarkedText& other, size_t begin, size_t end);
  MarkedText slice(size_t begin, size_t end) const;

  /// Bytes of memory that a copy takes.
  size_t memory() const { return text.size() + data.size() * sizeof(DataRange); }
};

}  // namespace relatum::text
