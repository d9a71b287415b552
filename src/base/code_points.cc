// Code points by blocks.
#include "base/code_points.h"

#include "base/utf8.h"

namespace relatum {
namespace {

constexpr int64_t kBlock = 64;

}  // namespace

CodePoints::CodePoints(std::string_view text) : text_(text) {
  for (size_t at = 0; at < text.size(); ++at) {
    if (continues_char(text[at])) continue;
    if (length_ % kBlock == 0) blocks_.push_back(at);
    ++length_;
  }
}

size_t CodePoints::offset(int64_t index) const {
  if (index <= 0) return 0;
  if (index >= length_) return text_.size();
  const size_t block = blocks_[size_t(index / kBlock)];
  return block + utf8_offset(text_.substr(block), index % kBlock);
}

std::string_view CodePoints::slice(int64_t start, int64_t end) const {
  if (end <= start) return {};
  const size_t from = offset(start);
  return text_.substr(from, offset(end) - from);
}

}  // namespace relatum
