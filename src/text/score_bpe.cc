// Merging by score, over stretches of the word's own bytes.
#include "text/score_bpe.h"

#include <algorithm>

#include "base/utf8.h"

namespace relatum::text {

/// The symbols of one word; its memory serves one word after the other.
class ScoreBpe::Word {
 public:
  void merge(const ScoreBpe& bpe, std::string_view word) {
    word_ = word;
    symbols_.clear();
    queue_.clear();
    for (size_t at = 0; at < word.size();) {
      const size_t start = at;
      next_char(word, at);
      const auto n = int32_t(symbols_.size());
      symbols_.push_back({start, at - start, n - 1, at < word.size() ? n + 1 : -1});
    }
    for (size_t i = 0; i + 1 < symbols_.size(); ++i) push(bpe, int32_t(i));
    while (!queue_.empty()) {
      std::pop_heap(queue_.begin(), queue_.end());
      const Candidate best = queue_.back();
      queue_.pop_back();
      apply(bpe, best);
    }
  }

  void append_to(const ScoreBpe& bpe, std::vector<int32_t>& ids) const {
    for (const Symbol& symbol : symbols_) {
      if (symbol.size > 0) bpe.append(word_.substr(symbol.begin, symbol.size), ids);
    }
  }

 private:
  struct Symbol {
    size_t begin, size;  // size 0: merged into the symbol before
    int32_t previous, next;
  };
  struct Candidate {
    float score;
    int32_t at;
    size_t size;
    bool operator<(const Candidate& other) const {  // the heap's top is the largest
      return score != other.score ? score < other.score : at > other.at;
    }
  };

  Symbol& symbol(int32_t at) { return symbols_[size_t(at)]; }

  void push(const ScoreBpe& bpe, int32_t at) {
    const Symbol& left = symbol(at);
    if (left.next < 0) return;
    const size_t size = left.size + symbol(left.next).size;
    const auto id = bpe.find(word_.substr(left.begin, size));
    if (!id) return;
    queue_.push_back({bpe.scores_[size_t(*id)], at, size});
    std::push_heap(queue_.begin(), queue_.end());
  }

  void apply(const ScoreBpe& bpe, const Candidate& best) {
    Symbol& left = symbol(best.at);
    if (left.size == 0 || left.next < 0) return;
    Symbol& right = symbol(left.next);
    if (left.size + right.size != best.size) return;  // has changed since it was queued
    left.size = best.size;
    right.size = 0;
    left.next = right.next;
    if (left.next >= 0) symbol(left.next).previous = best.at;
    if (left.previous >= 0) push(bpe, left.previous);
    push(bpe, best.at);
  }

  std::string_view word_;
  std::vector<Symbol> symbols_;
  std::vector<Candidate> queue_;
};

ScoreBpe::ScoreBpe(const Vocabulary& vocabulary, std::vector<float> scores, ApartIds apart,
                   std::optional<int32_t> unk)
    : vocabulary_(vocabulary), scores_(std::move(scores)), apart_(std::move(apart)), unk_(unk) {
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    longest_ = std::max(longest_, vocabulary.token(id).size());
  }
  for (size_t b = 0; b < 256; ++b) {
    const auto ids = byte_tokens(vocabulary, std::string(1, char(b)));
    byte_ids_[b] = ids.empty() ? -1 : ids.front();
  }
}

std::optional<int32_t> ScoreBpe::find(std::string_view piece) const {
  if (piece.size() > longest_) return std::nullopt;
  const auto id = vocabulary_.find_in_model(piece);
  return id && apart_.contains(*id) ? std::nullopt : id;
}

void ScoreBpe::append(std::string_view symbol, std::vector<int32_t>& ids) const {
  if (const auto id = find(symbol)) {
    ids.push_back(*id);
    return;
  }
  const auto has_token = [&](char byte) {
    return byte_ids_[static_cast<unsigned char>(byte)] >= 0;
  };
  if (std::all_of(symbol.begin(), symbol.end(), has_token)) {
    for (const char byte : symbol) ids.push_back(byte_ids_[static_cast<unsigned char>(byte)]);
  } else if (unk_) {
    ids.push_back(*unk_);
  }
}

void ScoreBpe::encode(std::span<const std::string_view> words, std::vector<int32_t>& ids) const {
  Word symbols;
  for (const std::string_view word : words) {
    symbols.merge(*this, word);
    symbols.append_to(*this, ids);
  }
}

}  // namespace relatum::text
