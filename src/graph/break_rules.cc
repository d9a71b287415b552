// The word before a full stop and the word after it decide.
#include "graph/break_rules.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/unicode.h"

namespace relatum::graph {
namespace {

constexpr size_t kMostWord = 40;  // code points that are looked at around a full stop

bool is_space(char32_t c) { return text::is_white_space(c); }
bool is_letter(char32_t c) { return text::is_letter(c) || text::is_mark(c); }
bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
/// ¹ ² ³ and ⁰ to ⁹
bool is_high_digit(char32_t c) {
  return c == 0xb9 || c == 0xb2 || c == 0xb3 || (c >= 0x2070 && c <= 0x2079);
}
/// Ends of sentences in writing that sets blanks behind them.
bool wants_blank(char32_t c) { return c == '.' || c == '?' || c == '!' || c == 0x2026; }

bool is_quote(char32_t c) {
  constexpr std::u32string_view kQuotes =
      U"\"'`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\u300c\u300d"
      U"\u300e\u300f";
  return kQuotes.find(c) != kQuotes.npos;
}
bool is_opening_bracket(char32_t c) { return c == '(' || c == '[' || c == '{' || c == 0xff08; }
bool is_closing_bracket(char32_t c) { return c == ')' || c == ']' || c == '}' || c == 0xff09; }

}  // namespace

size_t BreakRules::skip_blanks(size_t at) const {
  while (at < text_.size() && is_space(text_[at])) ++at;
  return at;
}

bool BreakRules::is_capital(size_t at) const {
  return at < text_.size() && text::is_upper_letter(text_[at]);
}

/// The end of the word at `at`; apostrophes within it belong to it.
size_t BreakRules::word_end(size_t at) const {
  const size_t limit = std::min(text_.size(), at + kMostWord);
  const auto joins = [&](size_t i) {
    return (text_[i] == '\'' || text_[i] == 0x2019) && i + 1 < limit && is_letter(text_[i + 1]);
  };
  while (at < limit && (is_letter(text_[at]) || joins(at))) ++at;
  return at;
}

std::string BreakRules::word(size_t start, size_t end) const {
  return to_utf8(text_.substr(start, end - start));
}

/// Behind the quotes and opening brackets at `at`.
size_t BreakRules::behind_openers(size_t at) const {
  while (at < text_.size() && (is_quote(text_[at]) || is_opening_bracket(text_[at]))) ++at;
  return at;
}

/// Whether a word begins at `next`, behind quotes and brackets, that sentences often begin with.
bool BreakRules::begins(size_t next) const {
  next = behind_openers(next);
  const size_t end = word_end(next);
  // "A. Smith" is an initial, "A firm" is not.
  const bool initial = end == next + 1 && end < text_.size() && text_[end] == '.';
  return end > next && !initial && words_.begins_sentences(word(next, end));
}

/// Where the word before the full stop at `stop` begins, its inner full stops included: "U.S". With
/// blanks between single letters, as in "J. K" and "z. B", it reaches to the first.
size_t BreakRules::token_start(size_t stop) const {
  const size_t least = stop > kMostWord ? stop - kMostWord : 0;
  const auto belongs = [&](size_t i) {
    return is_letter(text_[i]) || is_digit(text_[i]) || text_[i] == '.';
  };
  const auto single = [&](size_t i) {  // a letter and a full stop behind it
    return is_letter(text_[i]) && text_[i + 1] == '.' && (i == least || !belongs(i - 1));
  };
  size_t start = stop;
  while (start > least && belongs(start - 1)) --start;
  while (start < stop && text_[start] == '.') ++start;
  if (start < stop && text_[start + 1] == '.') {
    while (start >= least + 3 && is_space(text_[start - 1]) && single(start - 3)) start -= 3;
  }
  return start;
}

/// The word that ends before the blanks before `before`.
std::string BreakRules::previous_word(size_t before) const {
  while (before > 0 && is_space(text_[before - 1])) --before;
  size_t start = before;
  while (start > 0 && before - start < kMostWord && is_letter(text_[start - 1])) --start;
  return word(start, before);
}

/// A number, a single letter or a Roman numeral.
bool BreakRules::is_number_like(size_t next) const {
  next = behind_openers(next);
  if (next >= text_.size()) return false;
  if (text::is_number(text_[next])) return true;
  const auto own = text_.substr(next, word_end(next) - next);
  return own.size() == 1 || (!own.empty() && own.find_first_not_of(U"IVXLCDM") == own.npos);
}

bool BreakRules::after_abbreviation(Abbreviation kind, size_t next) const {
  switch (kind) {
    case Abbreviation::kTitle:
    case Abbreviation::kInside: return false;
    case Abbreviation::kNumber: return !is_number_like(next);
    // What is quoted behind a firm's or a place's abbreviation is a sentence of its own.
    default: return begins(next) || (is_quote(text_[next]) && is_capital(next + 1));
  }
}

/// "J." in "J. Smith", "J.K." and "C." in "vitamin C."
bool BreakRules::after_initial(size_t start, size_t next) const {
  if (start > 0 && words_.labels(previous_word(start))) return true;
  return begins(next);
}

/// `"Really?" Anna asked`: what was said is not the whole sentence.
bool BreakRules::is_spoken_on(size_t closed, size_t next) const {
  if (closed == 0 || !is_quote(text_[closed - 1]) || begins(next)) return false;
  constexpr int kMostNames = 3;
  for (int names = 0; names <= kMostNames; ++names) {
    const size_t end = word_end(next);
    if (words_.speaks(word(next, end))) return true;
    if (!is_capital(next)) return false;
    const bool title = end < text_.size() && text_[end] == '.';
    next = skip_blanks(title ? end + 1 : end);
  }
  return false;
}

bool BreakRules::stop_ends(size_t stop, size_t next, size_t last) const {
  if (stop > 0 && text_[stop - 1] == '.') return true;  // "...": ICU has looked for a capital
  const size_t start = token_start(stop);
  std::u32string token(text_.substr(start, stop - start));
  std::erase_if(token, is_space);
  if (token.empty()) return true;
  const bool single = token.size() == 1;
  const bool dotted = token.find(U'.') != token.npos;
  const bool number = token.find_first_not_of(U"0123456789.") == token.npos;
  // A label, "2." or "b.", that stands where a sentence begins belongs to it.
  if (behind_openers(skip_blanks(last)) == start && (single || (number && token.size() <= 3))) {
    return false;
  }
  const size_t last_digits = token.size() - (dotted ? token.rfind(U'.') + 1 : 0);
  if (number) return !words_.ordinals() || last_digits > 2 || begins(next);
  const bool initial = single && is_letter(token[0]);
  const auto kind = words_.abbreviation(to_utf8(token));
  if (kind == Abbreviation::kNumber && initial && !is_number_like(next)) {
    return after_initial(start, next);
  }
  if (kind != Abbreviation::kNone) return after_abbreviation(kind, next);
  if (initial || (dotted && token[1] == '.')) return after_initial(start, next);
  return true;
}

bool BreakRules::ends_before(size_t at, size_t last) const {
  const size_t next = skip_blanks(at);
  if (next >= text_.size()) return false;  // the block ends there anyway
  size_t end = at;
  while (end > 0 && is_space(text_[end - 1])) --end;
  size_t stop = end;
  const auto closes = [&](size_t i) { return is_quote(text_[i]) || is_closing_bracket(text_[i]); };
  while (stop > 0 && closes(stop - 1)) --stop;
  if (stop == 0) return true;
  const char32_t mark = text_[stop - 1];
  // Without a blank it is part of an address, a version or a name; writing of the East has none.
  constexpr char32_t kEast = 0x2e80;
  if (end == next) return mark >= kEast;
  if (!wants_blank(mark)) return true;  // a note, which hidden_start() has found
  if (mark == '.') return stop_ends(stop - 1, next, last);
  const size_t word = behind_openers(next);
  if (word < text_.size() && text::is_lower_letter(text_[word])) return false;
  return !is_spoken_on(end, next);
}

size_t BreakRules::hidden_start(size_t at) const {
  size_t end = at + 1;
  while (end < text_.size() && is_quote(text_[end])) ++end;
  const size_t mark = end;
  while (end < text_.size() && is_high_digit(text_[end])) ++end;
  constexpr size_t kMostNote = 12;
  while (end < text_.size() && text_[end] == '[') {
    const size_t close = text_.substr(0, std::min(text_.size(), end + kMostNote)).find(U']', end);
    if (close == text_.npos) break;
    end = close + 1;
  }
  if (end == mark && text_[at] != 0x2026) return 0;
  const size_t next = skip_blanks(end);
  if (next == end || next >= text_.size()) return 0;
  if (end == mark) return begins(next) ? next : 0;
  const size_t word = behind_openers(next);
  return is_capital(word) || (word < text_.size() && is_digit(text_[word])) ? next : 0;
}

}  // namespace relatum::graph
