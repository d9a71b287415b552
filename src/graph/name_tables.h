// Hash tables for millions of words and branches: flat arrays, no allocation for each entry, which
// makes std::unordered_map half as fast here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::graph {

/// Texts one behind the other.
class TextPool {
 public:
  uint32_t add(std::string_view text);
  std::string_view operator[](uint32_t index) const;
  uint32_t size() const { return uint32_t(ends_.size()); }
  uint64_t memory_bytes() const;

 private:
  std::string bytes_;
  std::vector<uint64_t> ends_;
};

/// Words and their numbers, from 0 in the order in which they came.
class WordTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t add(std::string_view word);
  uint32_t find(std::string_view word) const;
  std::string_view operator[](uint32_t word) const { return words_[word]; }
  uint32_t size() const { return words_.size(); }
  uint64_t memory_bytes() const;

 private:
  size_t slot_of(std::string_view word) const;
  void grow();
  std::vector<uint32_t> slots_;  // a word's number and one; 0: empty
  TextPool words_;
};

/// A trie's branches: from a node by a word to a node.
class BranchTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t find(uint32_t node, uint32_t word) const;
  /// `to` is kept unless there is such a branch; what there is then.
  uint32_t add(uint32_t node, uint32_t word, uint32_t to);
  uint64_t memory_bytes() const;

 private:
  static constexpr uint64_t kEmpty = UINT64_MAX;  // no node has this number
  size_t slot_of(uint64_t key) const;
  void grow();
  std::vector<uint64_t> keys_;  // the node, and the word in the lower half
  std::vector<uint32_t> to_;
  size_t used_ = 0;
};

}  // namespace relatum::graph
