// Blocks of a text, their sentences, and cuts through those that are too long.
#include "graph/sentences.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"
#include "graph/sentence_blocks.h"
#include "text/unicode.h"

namespace relatum::graph {
namespace {

bool is_space(char32_t c) { return text::is_white_space(c) || c == 0xfeff || c == 0x200b; }

/// Whether a cut before `c` would part it from what it belongs to.
bool hangs_on(char32_t before, char32_t c) {
  return text::is_mark(c) || c == 0x200d || before == 0x200d || (c >= 0x1f3fb && c <= 0x1f3ff);
}

/// Where a stretch that is too long is cut: behind the last blank of its first `most` code points,
/// or, where there is none, in a word, not before a mark that joins the letter in front of it.
int64_t cut_of(std::u32string_view text, int64_t start, int64_t most) {
  const int64_t limit = start + most;
  for (int64_t at = limit; at > start; --at) {
    if (is_space(text[size_t(at)])) return at;
  }
  constexpr int64_t kMostMarks = 64;  // more on one letter are no writing
  for (int64_t at = limit; at > std::max(start, limit - kMostMarks); --at) {
    if (!hangs_on(text[size_t(at) - 1], text[size_t(at)])) return at;
  }
  return limit;
}

/// Hands on [start, end) without blanks around it, in parts of at most `most` code points.
void add_sentence(std::u32string_view text, task::Piece sentence, int64_t most,
                  std::vector<task::Piece>& out) {
  auto [start, end] = sentence;
  while (true) {
    while (start < end && is_space(text[size_t(start)])) ++start;
    while (start < end && is_space(text[size_t(end) - 1])) --end;
    if (start == end) return;
    const int64_t cut = end - start > most ? cut_of(text, start, most) : end;
    int64_t part_end = cut;
    while (part_end > start && is_space(text[size_t(part_end) - 1])) --part_end;
    const auto part = text.substr(size_t(start), size_t(part_end - start));
    const auto says_something = [](char32_t c) { return text::is_letter(c) || text::is_number(c); };
    if (std::ranges::any_of(part, says_something)) out.push_back({start, part_end});
    start = cut;
  }
}

}  // namespace

SentenceRules rules_of(DocumentForm form, std::string language) {
  SentenceRules rules;
  rules.language = std::move(language);
  rules.markdown = form == DocumentForm::kMarkdown;
  if (form == DocumentForm::kHtml) rules.line_ends = LineEnds::kEach;
  return rules;
}

SentenceSplitter::SentenceSplitter(const SentenceRules& rules)
    : rules_(rules), breaks_(rules.language) {
  RELATUM_CHECK(rules.most > 0);
}

std::vector<task::Piece> SentenceSplitter::split(std::string_view text) const {
  const std::u32string wide = to_utf32(text);
  std::vector<task::Piece> sentences;
  for (const task::Piece& block : sentence_blocks(wide, rules_)) {
    const auto own = std::u32string_view(wide).substr(size_t(block.start),
                                                      size_t(block.end - block.start));
    int64_t start = block.start;
    for (const size_t end : breaks_.find(own, size_t(rules_.most))) {
      add_sentence(wide, {start, block.start + int64_t(end)}, rules_.most, sentences);
      start = block.start + int64_t(end);
    }
    add_sentence(wide, {start, block.end}, rules_.most, sentences);
  }
  return sentences;
}

}  // namespace relatum::graph
