// UTF-8 and the character classes of Hugging Face tokenizers, whatever ICU's own version.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace relatum::text {

/// The code point at `at` of valid UTF-8; moves `at` behind it.
inline char32_t next_char(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) {
    at += 1;
    return lead;
  }
  const size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  char32_t c = lead & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; ++i) c = c << 6 | (byte(at + i) & 0x3fu);
  at += length;
  return c;
}

void append_utf8(std::string& out, char32_t c);
std::u32string to_utf32(std::string_view valid);
std::string to_utf8(std::u32string_view text);

/// True where `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_valid_utf8(std::string_view text);
/// Each maximal ill-formed part becomes one U+FFFD (Unicode 3.9, best practice), as in Python's
/// errors="replace" and Rust's from_utf8_lossy.
std::string to_valid_utf8(std::string_view text);

// The classes below are what tokenizers 0.23 computes, found by asking it for every code point.
// It mixes Unicode versions: its regular expressions know 16.0, Rust's own functions 17.0, BERT's
// categories 8.0 and its normalisation forms 9.0. ICU's answer is therefore used only for
// characters as old as that, and what is newer than ICU 72 (15.0) is listed in unicode.cc.

bool is_letter(char32_t c);       ///< \p{L} of its regular expressions
bool is_number(char32_t c);       ///< \p{N} of its regular expressions
bool is_word(char32_t c);         ///< \w around single-word added tokens
bool is_numeric(char32_t c);      ///< Rust's char::is_numeric: the Digits step
bool is_white_space(char32_t c);  ///< the White_Space property, the same in all versions
bool is_bert_punctuation(char32_t c);
bool is_bert_control(char32_t c);  ///< removed by BERT's cleaning (tab and line ends are not)
bool is_bert_accent(char32_t c);   ///< non-spacing mark: removed by BERT's accent stripping
char32_t to_lower(char32_t c);     ///< simple lower case; U+0130 needs lower_case()
/// Rust's to_lowercase of every character on its own (no final sigma).
std::u32string lower_case(std::u32string_view text);

}  // namespace relatum::text
