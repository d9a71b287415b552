// ICU reads the block in stretches, so that its looking ahead has an end.
#include "graph/sentence_breaks.h"

#include <fmt/format.h>
#include <unicode/brkiter.h>
#include <unicode/filteredbrk.h>
#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "base/error.h"
#include "base/printable.h"
#include "graph/break_rules.h"
#include "graph/text_lines.h"

namespace relatum::graph {
namespace {

// What ICU decides this near to a stretch's end may look otherwise with what follows.
constexpr size_t kMargin = 512;

/// A code point of the basic plane that ICU's rules treat as they treat `c`, so that its offsets
/// are ours.
char16_t stand_in(char32_t c) {
  if (is_line_end(c)) return u' ';
  if (c < 0x10000) return c >= 0xd800 && c < 0xe000 ? char16_t(0xfffd) : char16_t(c);
  switch (u_getIntPropertyValue(UChar32(c), UCHAR_SENTENCE_BREAK)) {
    case U_SB_ATERM: return u'.';
    case U_SB_CLOSE: return u')';
    case U_SB_EXTEND: return char16_t(0x300);
    case U_SB_FORMAT: return char16_t(0x2060);
    case U_SB_LOWER: return u'a';
    case U_SB_NUMERIC: return u'0';
    case U_SB_OLETTER: return char16_t(0x4e00);
    case U_SB_STERM: return char16_t(0x3002);
    case U_SB_UPPER: return u'A';
    default: return char16_t(0x2603);  // of no class, like emoji
  }
}

icu::UnicodeString for_icu(std::u32string_view text) {
  icu::UnicodeString out(int32_t(text.size()), UChar32(0), 0);
  for (const char32_t c : text) out.append(stand_in(c));
  return out;
}

}  // namespace

struct SentenceBreaks::Rules {
  SentenceWords words;
  std::unique_ptr<icu::BreakIterator> icu;
};

SentenceBreaks::SentenceBreaks(const std::string& language)
    : rules_(new Rules{SentenceWords(language), nullptr}) {
  const bool letters = std::ranges::all_of(language, [](char c) { return c >= 'a' && c <= 'z'; });
  const icu::Locale locale(language.c_str());
  if (!letters || *locale.getISO3Language() == '\0') {
    fail("graph.sentences", fmt::format("'{}' is no language's code. Give one of two or three "
                                        "letters, as in en.",
                                        printable_start(language, 20)));
  }
  UErrorCode status = U_ZERO_ERROR;
  rules_->icu.reset(icu::BreakIterator::createSentenceInstance(locale, status));
  RELATUM_CHECK(U_SUCCESS(status));
  if (rules_->words.known()) return;
  // Languages that have no words here have ICU's abbreviations.
  const std::unique_ptr<icu::FilteredBreakIteratorBuilder> filter(
      icu::FilteredBreakIteratorBuilder::createInstance(locale, status));
  if (U_FAILURE(status)) return;  // or none
  icu::BreakIterator* filtered = filter->wrapIteratorWithFilter(rules_->icu.release(), status);
  RELATUM_CHECK(U_SUCCESS(status));
  rules_->icu.reset(filtered);
}
SentenceBreaks::~SentenceBreaks() = default;
SentenceBreaks::SentenceBreaks(SentenceBreaks&&) noexcept = default;

namespace {

/// ICU's boundaries in the block, and what its rules do not see.
std::vector<size_t> possible_breaks(const icu::BreakIterator& icu, std::u32string_view block,
                                    size_t most, const BreakRules& rules) {
  const std::unique_ptr<icu::BreakIterator> own(icu.clone());
  const size_t stretch = std::max<size_t>(4 * kMargin, 2 * most + kMargin);
  std::vector<size_t> found;
  for (size_t from = 0; from < block.size();) {
    const size_t size = std::min(stretch, block.size() - from);
    const bool last = from + size == block.size();
    const icu::UnicodeString text = for_icu(block.substr(from, size));
    own->setText(text);
    size_t next = last ? size : size - kMargin;
    own->first();
    for (int32_t at = own->next(); at != icu::BreakIterator::DONE; at = own->next()) {
      if (!last && size_t(at) > size - kMargin) break;
      found.push_back(from + size_t(at));
      if (!last) next = size_t(at);
    }
    from += next;
  }
  constexpr std::u32string_view kMarks = U".?!\u2026";
  for (size_t at = 0; at < block.size(); ++at) {
    if (kMarks.find(block[at]) == kMarks.npos) continue;
    if (const size_t start = rules.hidden_start(at); start > 0) found.push_back(start);
  }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace

std::vector<size_t> SentenceBreaks::find(std::u32string_view block, size_t most) const {
  const BreakRules rules(block, rules_->words);
  std::vector<size_t> breaks;
  for (const size_t at : possible_breaks(*rules_->icu, block, most, rules)) {
    const size_t last = breaks.empty() ? 0 : breaks.back();
    if (at > last && rules.ends_before(at, last)) breaks.push_back(at);
  }
  return breaks;
}

}  // namespace relatum::graph
