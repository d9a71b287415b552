// Where a text's code points lie, so that none is looked for from the text's start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace relatum {

/// The places of a text's code points, found in constant time; memory is at most an eighth of the
/// text. The text outlives it.
class CodePoints {
 public:
  /// `text` is valid UTF-8.
  explicit CodePoints(std::string_view text);
  int64_t length() const { return length_; }
  std::string_view text() const { return text_; }
  /// Byte offset of code point `index`; the text's size where the text ends before it.
  size_t offset(int64_t index) const;
  /// Code points [start, end); the part that exists where the range leaves the text.
  std::string_view slice(int64_t start, int64_t end) const;

 private:
  std::string_view text_;
  std::vector<size_t> blocks_;  // where every 64th code point begins
  int64_t length_ = 0;
};

}  // namespace relatum
