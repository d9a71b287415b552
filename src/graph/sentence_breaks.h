// Where sentences end within a block: ICU's boundaries, held against rules of our own.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::graph {

/// Safe to be used by several threads.
class SentenceBreaks {
 public:
  /// Throws Error for a language that ICU does not know.
  explicit SentenceBreaks(const std::string& language);
  ~SentenceBreaks();
  SentenceBreaks(SentenceBreaks&&) noexcept;

  /// Offsets in `block` at which a sentence begins, but for its start; ascending. The block's line
  /// ends count as blanks. Sentences longer than `most` need not be found whole. Time is linear in
  /// the block; in one without letters, where ICU looks ahead for the next one, times `most`.
  std::vector<size_t> find(std::u32string_view block, size_t most) const;

 private:
  struct Rules;
  std::unique_ptr<Rules> rules_;
};

}  // namespace relatum::graph
