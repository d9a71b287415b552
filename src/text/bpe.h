// What the kinds of byte-pair encoding share: options, ranked pairs, and the merging of one word.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "text/merge_table.h"
#include "text/vocabulary.h"

namespace relatum::text {

struct BpeOptions {
  std::optional<int32_t> unk;  ///< stands for a symbol that has no token; absent: it is dropped
  bool fuse_unk = false;       ///< one unk for several such symbols in a row
  bool byte_fallback = false;  ///< tokens "<0xC4>" stand for such a symbol, if they exist
  bool ignore_merges = false;  ///< a word that is a token needs no merges (Llama 3)
};

/// A pair of token texts, in the order of their rank.
using Merges = std::vector<std::pair<std::string_view, std::string_view>>;

/// Token ids that no text may be spelt with.
using ApartIds = std::unordered_set<int32_t>;

/// Throws Error naming `place` for a merge whose parts or result are no tokens. Merges that make a
/// token of `apart` are left out.
MergeTable merge_table(const Vocabulary& vocabulary, const Merges& merges, const ApartIds& apart,
                       const std::string& place);

/// "<0xC4>" for each byte of `symbol`; empty where the vocabulary lacks one of them.
std::vector<int32_t> byte_tokens(const Vocabulary& vocabulary, std::string_view symbol);

/// The symbols of one word; its memory serves one word after the other. O(n log n) in its length.
class MergeWord {
 public:
  void clear() { symbols_.clear(); }
  void add(int32_t id) {
    const auto n = int32_t(symbols_.size());
    if (n > 0) symbols_.back().next = n;
    symbols_.push_back({id, n - 1, -1});
  }
  /// Merges the pair of the lowest rank, the leftmost of equals, until there is none.
  void merge(const MergeTable& merges);
  void append_to(std::vector<int32_t>& ids) const {
    for (const Symbol& symbol : symbols_) {
      if (symbol.id >= 0) ids.push_back(symbol.id);
    }
  }

 private:
  struct Symbol {
    int32_t id;  // -1: merged into the symbol before
    int32_t previous, next;
  };
  struct Candidate {
    int32_t rank, at, id;
    bool operator<(const Candidate& other) const {  // the heap's top is the smallest
      return rank != other.rank ? rank > other.rank : at > other.at;
    }
  };

  Symbol& symbol(int32_t at) { return symbols_[size_t(at)]; }
  void push(const MergeTable& merges, int32_t at);
  void apply(const MergeTable& merges, const Candidate& best);

  std::vector<Symbol> symbols_;
  std::vector<Candidate> queue_;
};

/// A word's first symbols, with unk for those that have no token.
class Speller {
 public:
  Speller(const BpeOptions& options, MergeWord& symbols) : options_(options), symbols_(symbols) {}
  void add(int32_t id) {
    finish();
    symbols_.add(id);
  }
  /// Tokens that spell a symbol by its bytes. As in the reference, an unk that waits lands behind.
  void add_bytes(const std::vector<int32_t>& ids) {
    for (const int32_t id : ids) symbols_.add(id);
  }
  void add_unknown() {
    if (!options_.unk) return;
    if (waits_ && !options_.fuse_unk) symbols_.add(*options_.unk);
    waits_ = true;
  }
  /// Behind the last symbol.
  void finish() {
    if (waits_) symbols_.add(*options_.unk);
    waits_ = false;
  }

 private:
  const BpeOptions& options_;
  MergeWord& symbols_;
  bool waits_ = false;  // an unk that later ones may still join
};

}  // namespace relatum::text
