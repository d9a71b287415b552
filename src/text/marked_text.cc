// Appends with marks; neighbouring ranges become one.
#include "text/marked_text.h"

#include <algorithm>

namespace relatum::text {
namespace {

void add_range(std::vector<DataRange>& data, size_t begin, size_t end) {
  if (begin >= end) return;
  if (!data.empty() && data.back().end == begin) data.back().end = end;
  else data.push_back({begin, end});
}

}  // namespace

void MarkedText::append(std::string_view bytes, bool of_data) {
  if (of_data) add_range(data, text.size(), text.size() + bytes.size());
  text += bytes;
}

void MarkedText::append(const MarkedText& other, size_t begin, size_t end) {
  const size_t at = text.size();
  text.append(other.text, begin, end - begin);
  const auto first = std::partition_point(other.data.begin(), other.data.end(),
                                          [&](const DataRange& r) { return r.end <= begin; });
  for (auto range = first; range != other.data.end() && range->begin < end; ++range) {
    add_range(data, at + std::max(range->begin, begin) - begin,
              at + std::min(range->end, end) - begin);
  }
}

MarkedText MarkedText::slice(size_t begin, size_t end) const {
  MarkedText part;
  part.append(*this, begin, end);
  return part;
}

}  // namespace relatum::text
