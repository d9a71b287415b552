// One pass over the text; ASCII, which most of it is, needs no tables.
#include "graph/name_words.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>

#include "base/utf8.h"
#include "graph/text_lines.h"
#include "text/normal_form.h"
#include "text/unicode.h"

namespace relatum::graph {
namespace {

bool is_hyphen(char32_t c) { return c == '-' || c == 0x2010 || c == 0x2011 || c == '_'; }

/// Neither seen nor of any width: soft hyphen, joiners, direction marks, variation selectors.
bool is_ignorable(char32_t c) {
  return c >= 0xad && u_hasBinaryProperty(UChar32(c), UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

/// By what it may belong to: marks of length are of Hiragana as well as of Katakana.
bool is_without_blanks(char32_t c) {
  constexpr UScriptCode kScripts[] = {USCRIPT_HAN, USCRIPT_HIRAGANA, USCRIPT_KATAKANA, USCRIPT_THAI,
                                      USCRIPT_LAO, USCRIPT_KHMER,    USCRIPT_MYANMAR};
  return c >= 0xe00 && std::ranges::any_of(kScripts, [&](UScriptCode script) {
           return uscript_hasScript(UChar32(c), script);
         });
}

/// Marks, and those of half-width Katakana, which are letters until NFKC joins them to theirs.
bool hangs_on_letter(char32_t c) { return text::is_mark(c) || c == 0xff9e || c == 0xff9f; }

/// Signs that stand for one another.
char32_t plain_sign(char32_t c) {
  constexpr std::u32string_view kApostrophes = U"\u2018\u2019\u201b\u2032\u02bc`";
  constexpr std::u32string_view kQuotes = U"\u201c\u201d\u201e\u201f\u00ab\u00bb";
  if (kApostrophes.find(c) != kApostrophes.npos) return '\'';
  if (kQuotes.find(c) != kQuotes.npos) return '"';
  if (c >= 0x2010 && c <= 0x2015) return '-';
  return c;
}

bool is_accent(char32_t c) { return c >= 0x300 && c <= 0x36f; }

std::u32string without_accents(std::u32string_view text) {
  std::u32string apart = text::normal_form(text, text::NormalForm::kNfkd);
  std::erase_if(apart, is_accent);
  return text::normal_form(apart, text::NormalForm::kNfkc);
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

NameWords::Class NameWords::class_of(char32_t c) {
  if (c < 0x80) {
    const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    if (letter || (c >= '0' && c <= '9')) return Class::kJoined;
    if (c <= ' ' || c == 0x7f) return Class::kBlank;
    return is_hyphen(c) ? Class::kHyphen : Class::kSign;
  }
  if (is_ignorable(c)) return Class::kBlank;
  if (text::is_letter(c) || text::is_mark(c) || text::is_number(c)) {
    return is_without_blanks(c) ? Class::kAlone : Class::kJoined;
  }
  if (is_hyphen(c)) return Class::kHyphen;
  if (text::is_white_space(c) || u_iscntrl(UChar32(c))) return Class::kBlank;
  return Class::kSign;
}

char32_t NameWords::at(size_t& byte) const { return next_char(text_, byte); }

/// Goes to the next thing that is no blank; whether a gap lies between, in which no name goes on.
bool NameWords::skip_blanks() {
  int lines = 0;
  bool gap = false;
  while (byte_ < text_.size()) {
    size_t behind = byte_;
    const char32_t c = at(behind);
    if (class_of(c) != Class::kBlank) break;
    gap |= c == '\t';
    lines += is_line_end(c) && !(c == '\n' && byte_ > 0 && text_[byte_ - 1] == '\r');
    after_word_ &= is_ignorable(c);
    byte_ = behind;
    ++place_;
  }
  return gap || lines > 1;
}

/// Whether the hyphen at byte_ stands right between two letters or digits.
bool NameWords::hyphen_joins() const {
  size_t behind = byte_;
  at(behind);
  if (!after_word_ || behind >= text_.size()) return false;
  const Class next = class_of(at(behind));
  return next == Class::kJoined || next == Class::kAlone;
}

bool NameWords::next(NameWord& word) {
  word.after_gap = skip_blanks();
  if (byte_ < text_.size()) {
    size_t behind = byte_;
    if (class_of(at(behind)) == Class::kHyphen && hyphen_joins()) {
      byte_ = behind;
      ++place_;
    }
  }
  if (byte_ >= text_.size()) return false;
  word.start = place_;
  word.start_byte = byte_;
  const char32_t c = at(byte_);
  ++place_;
  const Class kind = class_of(c);
  after_word_ = kind == Class::kJoined || kind == Class::kAlone;
  if (after_word_) take_word(word, kind == Class::kAlone);
  word.end = place_;
  word.end_byte = byte_;
  set_keys(word);
  return true;
}

/// Takes what belongs to the word behind its first letter.
void NameWords::take_word(NameWord& word, bool alone) {
  word.end_byte = byte_;
  int64_t place = place_;
  for (size_t byte = byte_; byte < text_.size();) {
    const char32_t c = at(byte);
    ++place;
    if (c >= 0x80 && is_ignorable(c)) continue;  // taken where more of the word is behind it
    const bool joins = alone ? hangs_on_letter(c) : class_of(c) == Class::kJoined;
    if (!joins) break;
    byte_ = byte;
    place_ = place;
  }
}

void NameWords::set_keys(NameWord& word) const {
  const std::string_view own = text_.substr(word.start_byte, word.end_byte - word.start_byte);
  if (is_ascii(own)) {
    word.exact = word.folded = own == "`" ? "'" : own;
    for (char& c : word.folded) {
      if (c >= 'A' && c <= 'Z') c = char(c + ('a' - 'A'));
    }
    return;
  }
  std::u32string wide = to_utf32(own);
  std::erase_if(wide, is_ignorable);
  for (char32_t& c : wide) c = plain_sign(c);
  word.exact = to_utf8(fold_accents_ ? without_accents(wide)
                                     : text::normal_form(wide, text::NormalForm::kNfkc));
  word.folded = text::fold_case(word.exact);
}

std::vector<NameWord> name_words(std::string_view name, bool fold_accents) {
  NameWords words(name, fold_accents);
  std::vector<NameWord> all;
  for (NameWord word; words.next(word);) all.push_back(word);
  return all;
}

int64_t count_letters(std::string_view name) {
  int64_t letters = 0;
  for_code_points(name, [&](int32_t code, std::string_view) {
    letters += code >= 0 && text::is_letter(char32_t(code));
  });
  return letters;
}

}  // namespace relatum::graph
