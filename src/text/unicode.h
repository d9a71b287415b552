// Letter case and the character classes of Hugging Face tokenizers, whatever ICU's own version.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace relatum::text {

// The classes below are what tokenizers 0.23 computes, found by asking it for every code point.
// It mixes Unicode versions: its regular expressions know 16.0, Rust's own functions 17.0, BERT's
// categories 8.0 and its normalisation forms 9.0. ICU's answer is therefore used only for
// characters as old as that, and what is newer than ICU 72 (15.0) is listed in unicode.cc.

bool is_letter(char32_t c);  ///< \p{L} of its regular expressions
bool is_mark(char32_t c);    ///< \p{M}
/// \p{Lu} or \p{Lt}, and \p{Ll}; letters newer than ICU's version count as neither.
bool is_upper_letter(char32_t c);
bool is_lower_letter(char32_t c);
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

/// Calls `each` for the extended grapheme clusters of valid UTF-8 (Unicode Standard Annex 29; as
/// ICU's own Unicode version knows them), from the first to the last.
void for_graphemes(std::string_view valid, const std::function<void(std::string_view)>& each);

/// Lower case by Unicode's full mapping, independent of locale, of UTF-8 (a final sigma included).
std::string full_lower_case(std::string_view text);
/// Unicode's full case folding of UTF-8: "STRASSE" and "Straße" become one.
std::string fold_case(std::string_view text);
/// UTF-8 without its white space; bytes that are no UTF-8 stay.
std::string without_white_space(std::string_view text);

}  // namespace relatum::text
