// Cuts, then tokenises word by word.
#include "jobs/entity_texts.h"

#include <algorithm>
#include <string>

#include "base/code_points.h"
#include "graph/name_words.h"
#include "text/unicode.h"

namespace relatum::jobs {
namespace {

// What stands between two words as a model reads it: a blank for white space, the rest as it is.
std::string gap_of(std::string_view gap) {
  const std::string rest = text::without_white_space(gap);
  return rest.size() == gap.size() ? rest : " " + rest;
}

class WordTokens {
 public:
  explicit WordTokens(const text::Tokenizer& tokenizer)
      : tokenizer_(tokenizer), adds_blank_(engine::adds_blank(tokenizer)) {}

  // One at least.
  std::vector<int32_t> of(std::string_view text, const WordPlace* before,
                          const WordPlace& word) const {
    std::string piece;
    if (before) piece = gap_of(text.substr(before->end_byte, word.start_byte - before->end_byte));
    // The tokenizer puts a blank of its own there.
    if (adds_blank_ && piece.starts_with(' ')) piece.erase(0, 1);
    piece += text.substr(word.start_byte, word.end_byte - word.start_byte);
    std::vector<int32_t> tokens = tokenizer_.encode_data(piece);
    if (tokens.empty()) tokens.push_back(tokenizer_.special().unk.value_or(0));
    return tokens;
  }

 private:
  const text::Tokenizer& tokenizer_;
  bool adds_blank_;
};

void append(std::vector<int32_t>& to, std::span<const int32_t> tokens) {
  to.insert(to.end(), tokens.begin(), tokens.end());
}

}  // namespace

std::vector<WordRun> word_runs(std::string_view text, std::span<const task::Piece> stretches) {
  const CodePoints places(text);
  std::vector<WordRun> runs;
  for (const task::Piece& stretch : stretches) {
    const std::string_view slice = places.slice(stretch.start, stretch.end);
    const auto byte = size_t(slice.data() - text.data());
    graph::NameWords words(slice, false);
    graph::NameWord word;
    runs.emplace_back();
    while (words.next(word)) {
      if (runs.back().size() == kMostWordsAtOnce) runs.emplace_back();
      runs.back().push_back({stretch.start + word.start, stretch.start + word.end,
                             byte + word.start_byte, byte + word.end_byte});
    }
    if (runs.back().empty()) runs.pop_back();
  }
  return runs;
}

std::vector<task::Piece> joined_across(std::span<const task::Piece> stretches,
                                       std::span<const task::Piece> spans) {
  std::vector<task::Piece> joined;
  size_t begun = 0;  // spans that begin before the end of what was joined last
  int64_t farthest = 0;
  for (const task::Piece& stretch : stretches) {
    for (; !joined.empty() && begun < spans.size() && spans[begun].start < joined.back().end;
         ++begun) {
      farthest = std::max(farthest, spans[begun].end);
    }
    if (!joined.empty() && farthest > stretch.start) joined.back().end = stretch.end;
    else joined.push_back(stretch);
  }
  return joined;
}

engine::SpanText span_text(const engine::Session& session, std::string_view text,
                           std::span<const WordPlace> words) {
  const text::Tokenizer& tokenizer = session.tokenizer();
  const WordTokens pieces(tokenizer);
  const bool twice = session.model().info().causal;
  engine::SpanText result;
  std::vector<int32_t> tokens;
  for (size_t i = 0; i < words.size(); ++i) {
    const auto first = int64_t(tokens.size());
    append(tokens, pieces.of(text, i ? &words[i - 1] : nullptr, words[i]));
    result.words.push_back(twice ? int64_t(tokens.size()) - 1 : first);
  }
  append(result.tokens, tokenizer.before());
  if (twice) {
    append(result.tokens, tokens);
    append(result.tokens, tokenizer.encode("\n"));
  }
  const auto begin = int64_t(result.tokens.size());
  for (int64_t& word : result.words) word += begin;
  append(result.tokens, tokens);
  if (!twice) append(result.tokens, tokenizer.after());
  return result;
}

}  // namespace relatum::jobs
