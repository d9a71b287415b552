// Keeps the places that are counted otherwise alone: most texts have few.
#include "task/offsets.h"

#include <fmt/format.h>
#include <unicode/brkiter.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <memory>

#include "base/code_points.h"
#include "base/error.h"
#include "base/utf8.h"

namespace relatum::task {

std::string_view counting_name(Counting counting) {
  switch (counting) {
    case Counting::kCodePoints: return "code points";
    case Counting::kUtf16: return "UTF-16 units";
    case Counting::kCrlfIsOne: return "code points, line ends of two characters as one";
    case Counting::kUtf16CrlfIsOne: break;
  }
  return "UTF-16 units, line ends of two characters as one";
}

std::vector<int64_t> grapheme_places(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> breaks(
      icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
  if (U_FAILURE(status)) fail("task.offsets", "ICU has no rules for graphemes on this machine.");
  const icu::UnicodeString units = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), int32_t(text.size())));
  breaks->setText(units);
  const CountedPlaces counted(text, Counting::kUtf16);
  std::vector<int64_t> places;
  for (int32_t at = breaks->first(); at != icu::BreakIterator::DONE; at = breaks->next()) {
    if (const auto place = counted.code_point(at)) places.push_back(*place);
  }
  return places;
}

CountedPlaces::CountedPlaces(std::string_view text, Counting counting) {
  const bool utf16 = counting == Counting::kUtf16 || counting == Counting::kUtf16CrlfIsOne;
  const bool one = counting == Counting::kCrlfIsOne || counting == Counting::kUtf16CrlfIsOne;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = next_char(text, at);
    ++code_points_;
    ++length_;
    if (utf16 && c > 0xffff) {
      steps_.push_back({++length_, code_points_, true});
    } else if (one && c == U'\r' && at < text.size() && text[at] == '\n') {
      ++at;
      steps_.push_back({length_, ++code_points_, false});
    }
  }
}

std::optional<int64_t> CountedPlaces::code_point(int64_t character) const {
  if (character < 0 || character > length_) return std::nullopt;
  const auto next = std::upper_bound(
      steps_.begin(), steps_.end(), character,
      [](int64_t place, const Step& step) { return place < step.character; });
  if (next != steps_.end() && next->wide && next->character == character + 1) return std::nullopt;
  if (next == steps_.begin()) return character;
  const Step& before = *(next - 1);
  return before.code_point + (character - before.character);
}

std::optional<Counting> counting_of(std::string_view text, const std::vector<QuotedSpan>& spans,
                                    const std::vector<Counting>& tried, Quotes quotes) {
  const CodePoints points(text);
  for (const Counting counting : tried) {
    const CountedPlaces places(text, counting);
    const bool fits = std::all_of(spans.begin(), spans.end(), [&](const QuotedSpan& span) {
      const auto start = places.code_point(span.start), end = places.code_point(span.end);
      if (!start || !end || *start > *end) return false;
      return span.text.empty() || quotes(points.slice(*start, *end), span.text);
    });
    if (fits) return counting;
  }
  return std::nullopt;
}

TokenText join_tokens(const std::vector<std::string>& tokens) {
  TokenText joined;
  int64_t length = 0;
  for (const std::string& token : tokens) {
    if (!joined.tokens.empty()) {
      joined.text += ' ';
      ++length;
    }
    const int64_t end = length + utf8_length(token);
    joined.tokens.push_back({length, end});
    joined.text += token;
    length = end;
  }
  return joined;
}

Piece token_range(const TokenText& text, int64_t first, int64_t last, const std::string& what) {
  if (first < 0 || last < first || last >= int64_t(text.tokens.size())) {
    fail("task.row", fmt::format("{}: tokens {} to {} do not lie in the {} tokens", what, first,
                                 last, text.tokens.size()));
  }
  return {text.tokens[size_t(first)].start, text.tokens[size_t(last)].end};
}

Piece tokens_before(const TokenText& text, int64_t first, int64_t end, const std::string& what) {
  if (end <= first) {  // so that one less cannot leave the numbers
    fail("task.row", fmt::format("{}: tokens from {} to before {} are none", what, first, end));
  }
  return token_range(text, first, end - 1, what);
}

namespace {

/// The next byte that is no white space, or a zero at the end; moves behind it.
char next_of_word(std::string_view text, size_t& at) {
  constexpr std::string_view kBlanks = " \t\r\n\xc2\xa0";  // with the bytes of U+00A0
  at = std::min(text.find_first_not_of(kBlanks, at), text.size());
  return at < text.size() ? text[at++] : '\0';
}

}  // namespace

bool same_words(std::string_view a, std::string_view b) {
  for (size_t i = 0, j = 0;;) {
    const char x = next_of_word(a, i), y = next_of_word(b, j);
    if (x != y) return false;
    if (x == '\0') return true;
  }
}

std::optional<size_t> behind_words(std::string_view text, std::string_view words) {
  for (size_t i = 0, j = 0;;) {
    const size_t reached = i;
    const char word = next_of_word(words, j);
    if (word == '\0') return reached;
    if (next_of_word(text, i) != word) return std::nullopt;
  }
}

}  // namespace relatum::task
