// ICU's properties, held to the Unicode versions that Hugging Face tokenizers uses.
#include "text/unicode.h"

#include <unicode/brkiter.h>
#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/locid.h>
#include <unicode/stringoptions.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utext.h>

#include <algorithm>
#include <memory>
#include <span>

#include "base/error.h"
#include "base/utf8.h"

namespace relatum::text {
namespace {

struct Range {
  char32_t first, last;
};

// Letters, numbers and marks that Unicode 16.0 added, and numbers of 17.0.
constexpr Range kLetters16[] = {
    {0x1c89, 0x1c8a},   {0xa7cb, 0xa7cd},   {0xa7da, 0xa7dc},   {0x105c0, 0x105f3},
    {0x10d4a, 0x10d65}, {0x10d6f, 0x10d85}, {0x10ec2, 0x10ec4}, {0x11380, 0x11389},
    {0x1138b, 0x1138b}, {0x1138e, 0x1138e}, {0x11390, 0x113b5}, {0x113b7, 0x113b7},
    {0x113d1, 0x113d1}, {0x113d3, 0x113d3}, {0x11bc0, 0x11be0}, {0x13460, 0x143fa},
    {0x16100, 0x1611d}, {0x16d40, 0x16d6c}, {0x18cff, 0x18cff}, {0x1e5d0, 0x1e5ed},
    {0x1e5f0, 0x1e5f0}, {0x2ebf0, 0x2ee5d}};
constexpr Range kNumbers16[] = {{0x10d40, 0x10d49}, {0x116d0, 0x116e3}, {0x11bf0, 0x11bf9},
                                {0x16130, 0x16139}, {0x16d70, 0x16d79}, {0x1ccf0, 0x1ccf9},
                                {0x1e5f1, 0x1e5fa}};
constexpr Range kMarks16[] = {{0x897, 0x897},     {0x10d69, 0x10d6d}, {0x10efc, 0x10efc},
                              {0x113b8, 0x113c0}, {0x113c2, 0x113c2}, {0x113c5, 0x113c5},
                              {0x113c7, 0x113ca}, {0x113cc, 0x113d0}, {0x113d2, 0x113d2},
                              {0x113e1, 0x113e2}, {0x11f5a, 0x11f5a}, {0x1611e, 0x1612f},
                              {0x1e5ee, 0x1e5ef}};
constexpr Range kNumbers17[] = {{0x11de0, 0x11de9}, {0x16ff4, 0x16ff6}};

struct LowerRange {
  char32_t first, last;
  int32_t shift;
};
constexpr LowerRange kLower17[] = {{0x1c89, 0x1c89, 1},      {0xa7cb, 0xa7cb, 0x264 - 0xa7cb},
                                   {0xa7cc, 0xa7cc, 1},      {0xa7ce, 0xa7ce, 1},
                                   {0xa7d2, 0xa7d2, 1},      {0xa7d4, 0xa7d4, 1},
                                   {0xa7da, 0xa7da, 1},      {0xa7dc, 0xa7dc, 0x19b - 0xa7dc},
                                   {0x10d50, 0x10d65, 0x20}, {0x16ea0, 0x16eb8, 0x1b}};

bool in(std::span<const Range> ranges, char32_t c) {
  const auto found = std::partition_point(ranges.begin(), ranges.end(),
                                          [c](const Range& r) { return r.last < c; });
  return found != ranges.end() && found->first <= c;
}

/// The Unicode version (major number) that brought `c`; 0 for unassigned code points.
int age(char32_t c) {
  UVersionInfo version;
  u_charAge(static_cast<UChar32>(c), version);
  return version[0];
}

bool has(char32_t c, uint32_t mask) { return (U_GET_GC_MASK(static_cast<UChar32>(c)) & mask) != 0; }

constexpr int kIcuBase = 15;  // what every supported ICU knows; the lists above hold the rest

}  // namespace

bool is_letter(char32_t c) {
  if (c < 0x80) return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
  if (!has(c, U_GC_L_MASK)) return in(kLetters16, c);
  return c < 0x250 || age(c) <= kIcuBase || in(kLetters16, c);
}

bool is_mark(char32_t c) {
  if (c < 0x300) return false;
  return (has(c, U_GC_M_MASK) && age(c) <= kIcuBase) || in(kMarks16, c);
}

bool is_upper_letter(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z';
  return has(c, U_GC_LU_MASK | U_GC_LT_MASK) && is_letter(c);
}

bool is_lower_letter(char32_t c) {
  if (c < 0x80) return c >= 'a' && c <= 'z';
  return has(c, U_GC_LL_MASK) && is_letter(c);
}

bool is_number(char32_t c) {
  if (c < 0x80) return c >= '0' && c <= '9';
  return (has(c, U_GC_N_MASK) && age(c) <= kIcuBase) || in(kNumbers16, c);
}

bool is_word(char32_t c) {
  if (is_letter(c) || in(kMarks16, c) || in(kNumbers16, c)) return true;
  if (c == 0x200c || c == 0x200d) return true;  // joiners
  const auto wide = static_cast<UChar32>(c);
  return (u_hasBinaryProperty(wide, UCHAR_ALPHABETIC) ||
          has(c, U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK)) &&
         age(c) <= kIcuBase;
}

bool is_numeric(char32_t c) { return is_number(c) || in(kNumbers17, c); }

bool is_white_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13);
  return u_isUWhiteSpace(static_cast<UChar32>(c));
}

bool is_bert_punctuation(char32_t c) {
  if (c < 0x80) return c > ' ' && c < 0x7f && !is_letter(c) && !is_number(c);
  if (c == 0x166d || c == 0x111c9) return true;  // were punctuation in 8.0, are no longer
  return has(c, U_GC_P_MASK) && age(c) <= 8;
}

bool is_bert_control(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  if (c < 0x80) return c < ' ' || c == 0x7f;
  return has(c, U_GC_CC_MASK | U_GC_CO_MASK) || (has(c, U_GC_CF_MASK) && age(c) <= 8);
}

bool is_bert_accent(char32_t c) {
  if (c < 0x300) return false;
  if (c == 0x1734 || c == 0x1171e) return true;  // the six whose category changed after 8.0
  if (c == 0x1885 || c == 0x1886 || c == 0xa9bd || c == 0x111c9) return false;
  return has(c, U_GC_MN_MASK) && age(c) <= 8;
}

char32_t to_lower(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 0x20 : c;
  for (const LowerRange& range : kLower17) {
    if (c >= range.first && c <= range.last) return char32_t(int64_t(c) + range.shift);
  }
  return char32_t(u_tolower(static_cast<UChar32>(c)));
}

std::u32string lower_case(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    // The only character whose lower case is two, in every language but Turkish.
    if (c == 0x130) out += U"i\u0307";
    else out += to_lower(c);
  }
  return out;
}

void for_graphemes(std::string_view valid, const std::function<void(std::string_view)>& each) {
  const auto plain = [](char c) { return static_cast<unsigned char>(c) < 0x80 && c != '\r'; };
  if (std::all_of(valid.begin(), valid.end(), plain)) {
    for (size_t at = 0; at < valid.size(); ++at) each(valid.substr(at, 1));
    return;
  }
  UErrorCode status = U_ZERO_ERROR;
  UText text = UTEXT_INITIALIZER;
  utext_openUTF8(&text, valid.data(), int64_t(valid.size()), &status);
  const std::unique_ptr<icu::BreakIterator> breaks(
      icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
  RELATUM_CHECK(U_SUCCESS(status));
  breaks->setText(&text, status);
  RELATUM_CHECK(U_SUCCESS(status));
  auto begin = size_t(breaks->first());
  for (int32_t end = breaks->next(); end != icu::BreakIterator::DONE; end = breaks->next()) {
    each(valid.substr(begin, size_t(end) - begin));
    begin = size_t(end);
  }
  utext_close(&text);
}

std::string full_lower_case(std::string_view text) {
  std::string lower;
  icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), int32_t(text.size())))
      .toLower(icu::Locale::getRoot())
      .toUTF8String(lower);
  return lower;
}

std::string fold_case(std::string_view text) {
  std::string folded;
  icu::StringByteSink<std::string> sink(&folded);
  UErrorCode status = U_ZERO_ERROR;
  icu::CaseMap::utf8Fold(U_FOLD_CASE_DEFAULT, {text.data(), int32_t(text.size())}, sink, nullptr,
                         status);
  RELATUM_CHECK(U_SUCCESS(status));
  return folded;
}

std::string without_white_space(std::string_view text) {
  std::string kept;
  kept.reserve(text.size());
  for_code_points(text, [&](int32_t code, std::string_view bytes) {
    if (code < 0 || !is_white_space(char32_t(code))) kept += bytes;
  });
  return kept;
}

}  // namespace relatum::text
