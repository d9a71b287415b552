// Merging of symbols with a priority queue over a linked list.
#include "text/byte_bpe.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"

namespace relatum::text {
namespace {

/// Bytes that print stand for themselves, the others for 256, 257, … (GPT-2's bytes_to_unicode).
std::array<char32_t, 256> byte_alphabet() {
  std::array<char32_t, 256> alphabet{};
  char32_t next = 256;
  for (char32_t b = 0; b < 256; ++b) {
    const bool prints = (b >= '!' && b <= '~') || (b >= 0xa1 && b != 0xad);
    alphabet[b] = prints ? b : next++;
  }
  return alphabet;
}

/// The byte that each character of the alphabet stands for; -1 for all other characters.
std::array<int, 512> byte_of_char() {
  std::array<int, 512> bytes{};
  bytes.fill(-1);
  const auto alphabet = byte_alphabet();
  for (size_t b = 0; b < 256; ++b) bytes[alphabet[b]] = int(b);
  return bytes;
}

/// Appends the bytes that `token` spells, or its own bytes if it is not spelt in the alphabet.
void unspell(std::string_view token, const std::array<int, 512>& bytes, std::string& out) {
  const size_t start = out.size();
  for (size_t at = 0; at < token.size();) {
    const char32_t c = next_char(token, at);
    const int byte = c < bytes.size() ? bytes[c] : -1;
    if (byte < 0) {
      out.resize(start);
      out += token;
      return;
    }
    out += char(byte);
  }
}

}  // namespace

std::string spell_bytes(std::string_view bytes) {
  static const std::array<char32_t, 256> alphabet = byte_alphabet();
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char b : bytes) append_utf8(out, alphabet[static_cast<unsigned char>(b)]);
  return out;
}

/// The symbols of one word; its memory serves one word after the other.
class ByteBpe::Word {
 public:
  void clear() { symbols_.clear(); }
  void add(int32_t id) {
    const auto n = int32_t(symbols_.size());
    if (n > 0) symbols_.back().next = n;
    symbols_.push_back({id, n - 1, -1});
  }

  /// Merges the pair of the lowest rank, the leftmost of equals, until there is none.
  void merge(const ByteBpe& bpe) {
    queue_.clear();
    for (size_t i = 0; i + 1 < symbols_.size(); ++i) push(bpe, int32_t(i));
    while (!queue_.empty()) {
      std::pop_heap(queue_.begin(), queue_.end());
      const Candidate best = queue_.back();
      queue_.pop_back();
      apply(bpe, best);
    }
  }

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

  void push(const ByteBpe& bpe, int32_t at) {
    const Symbol& left = symbol(at);
    const Merge* merge = left.next < 0 ? nullptr : bpe.merges_.find(left.id, symbol(left.next).id);
    if (!merge) return;
    queue_.push_back({merge->rank, at, merge->id});
    std::push_heap(queue_.begin(), queue_.end());
  }

  void apply(const ByteBpe& bpe, const Candidate& best) {
    Symbol& left = symbol(best.at);
    if (left.id < 0 || left.next < 0) return;
    Symbol& right = symbol(left.next);
    // The pair may have changed since it was queued.
    const Merge* merge = bpe.merges_.find(left.id, right.id);
    if (!merge || merge->id != best.id) return;
    left.id = best.id;
    right.id = -1;
    left.next = right.next;
    if (left.next >= 0) symbol(left.next).previous = best.at;
    if (left.previous >= 0) push(bpe, left.previous);
    push(bpe, best.at);
  }

  std::vector<Symbol> symbols_;
  std::vector<Candidate> queue_;
};

ByteBpe::ByteBpe(const Vocabulary& vocabulary, const Merges& merges, BpeOptions options,
                 const std::string& place)
    : vocabulary_(vocabulary), options_(options), merges_(merges.size()) {
  const auto id_of = [&](std::string_view token, size_t rank) {
    if (const auto id = vocabulary.find_in_model(token)) return *id;
    fail("text.bpe", fmt::format("{}: merge {} makes or needs the token '{}', which the vocabulary "
                                 "lacks. The file is broken: fetch it again.",
                                 place, rank, token));
  };
  std::string whole;
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const auto& [left, right] = merges[rank];
    whole.assign(left).append(right);
    merges_.set(id_of(left, rank), id_of(right, rank), {int32_t(rank), id_of(whole, rank)});
  }
  for (size_t b = 0; b < 256; ++b) {
    const std::string spelt = spell_bytes(std::string(1, char(b)));
    byte_ids_[b] = vocabulary.find_in_model(spelt).value_or(-1);
    if (byte_ids_[b] >= 0 || !options.byte_fallback) continue;
    for (const char part : spelt) {
      const std::string code = fmt::format("<0x{:02X}>", static_cast<unsigned char>(part));
      const auto id = vocabulary.find_in_model(code);
      if (!id) fallbacks_[b].clear();
      if (!id) break;
      fallbacks_[b].push_back(*id);
    }
  }
}

void ByteBpe::spell(std::string_view word, Word& symbols) const {
  bool pending = false;  // an unk that later ones may still join
  for (const char byte : word) {
    const auto b = static_cast<unsigned char>(byte);
    if (byte_ids_[b] >= 0) {
      if (pending) symbols.add(*options_.unk);
      pending = false;
      symbols.add(byte_ids_[b]);
    } else if (!fallbacks_[b].empty()) {
      // As in the reference, a pending unk lands behind the fallback's tokens.
      for (const int32_t id : fallbacks_[b]) symbols.add(id);
    } else if (options_.unk) {
      if (pending && !options_.fuse_unk) symbols.add(*options_.unk);
      pending = true;
    }
  }
  if (pending) symbols.add(*options_.unk);
}

void ByteBpe::encode(std::span<const std::string_view> words, std::vector<int32_t>& ids) const {
  Word symbols;
  for (const std::string_view word : words) {
    if (options_.ignore_merges) {
      if (const auto whole = vocabulary_.find_in_model(spell_bytes(word))) {
        ids.push_back(*whole);
        continue;
      }
    }
    symbols.clear();
    spell(word, symbols);
    symbols.merge(*this);
    symbols.append_to(ids);
  }
}

std::string ByteBpe::decode(std::span<const std::string_view> tokens) const {
  static const std::array<int, 512> bytes = byte_of_char();
  std::string out;
  for (const std::string_view token : tokens) unspell(token, bytes, out);
  return utf8_valid(out) ? out : to_valid_utf8(out);
}

}  // namespace relatum::text
