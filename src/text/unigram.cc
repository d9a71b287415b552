// Viterbi's search over the bytes of a word.
#include "text/unigram.h"

#include <algorithm>
#include <string>

#include "base/utf8.h"
#include "text/bpe.h"

namespace relatum::text {

/// The best way to end at one place.
struct Unigram::Node {
  double score = 0;
  int32_t id = -1;     // of the last piece
  int64_t start = -1;  // where that piece begins; -1: no way leads here
};

Unigram::Unigram(const Vocabulary& vocabulary, std::vector<PieceTrie::Piece> pieces,
                 std::vector<double> scores, UnigramOptions options)
    : trie_(std::move(pieces)), scores_(std::move(scores)), options_(options) {
  byte_ids_.fill(-1);
  for (size_t b = 0; options.byte_fallback && b < 256; ++b) {
    const auto ids = byte_tokens(vocabulary, std::string(1, char(b)));
    if (!ids.empty()) byte_ids_[b] = ids.front();
  }
}

void Unigram::search(std::string_view word, std::vector<Node>& best) const {
  best.assign(word.size() + 1, Node());
  for (size_t at = 0; at < word.size();) {
    const size_t start = at;
    next_char(word, at);
    const auto offer = [&](size_t end, int32_t id, double score) {
      const double sum = best[start].score + score;
      Node& node = best[end];
      if (node.start < 0 || sum > node.score) node = {sum, id, int64_t(start)};
    };
    bool whole_char = false;
    trie_.for_prefixes(word.substr(start), [&](size_t size, int32_t id) {
      offer(start + size, id, scores_[size_t(id)]);
      whole_char |= start + size == at;
    });
    if (!whole_char) offer(at, options_.unk, options_.unk_score);
  }
}

void Unigram::append_unk(std::string_view run, std::vector<int32_t>& ids) const {
  const auto id_of = [&](char byte) { return byte_ids_[static_cast<unsigned char>(byte)]; };
  if (std::all_of(run.begin(), run.end(), [&](char byte) { return id_of(byte) >= 0; })) {
    for (const char byte : run) ids.push_back(id_of(byte));
  } else {
    ids.push_back(options_.unk);
  }
}

void Unigram::encode(std::span<const std::string_view> words, std::vector<int32_t>& ids) const {
  std::vector<Node> best;
  std::vector<size_t> ends;
  for (const std::string_view word : words) {
    search(word, best);
    ends.clear();
    for (size_t end = word.size(); end > 0; end = size_t(best[end].start)) ends.push_back(end);
    size_t run = word.size();  // where a run of unknown characters began
    for (size_t i = ends.size(); i-- > 0;) {
      const Node& node = best[ends[i]];
      if (node.id == options_.unk) {
        run = std::min(run, size_t(node.start));
        if (i > 0 && best[ends[i - 1]].id == options_.unk) continue;
        append_unk(word.substr(run, ends[i] - run), ids);
        run = word.size();
      } else {
        ids.push_back(node.id);
      }
    }
  }
}

}  // namespace relatum::text
