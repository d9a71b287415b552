// Places in a text as other programs count them, turned into code points.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "task/document.h"

namespace relatum::task {

/// How a program counts a text's characters: by code points, or by UTF-16 units as Java and
/// JavaScript do, where a code point above U+FFFF is two; CR LF as two characters or, as where line
/// ends were changed on reading, as one.
enum class Counting { kCodePoints, kUtf16, kCrlfIsOne, kUtf16CrlfIsOne };
/// The code points at which the user-perceived characters of a text begin, and its length behind
/// them (Unicode's grapheme clusters, by ICU).
std::vector<int64_t> grapheme_places(std::string_view text);
/// "code points", "UTF-16 units" and so on, for a sentence.
std::string_view counting_name(Counting counting);

/// A text's places, by one way of counting.
class CountedPlaces {
 public:
  /// `text` is valid UTF-8.
  CountedPlaces(std::string_view text, Counting counting);
  /// How many characters the text has so.
  int64_t length() const { return length_; }
  /// The code point that begins at this character; nothing within a code point or outside of the
  /// text. The place behind the last character is the text's end.
  std::optional<int64_t> code_point(int64_t character) const;

 private:
  struct Step {
    int64_t character, code_point;  // behind what is counted otherwise
    bool wide;
  };
  std::vector<Step> steps_;
  int64_t length_ = 0, code_points_ = 0;
};

/// A stretch as a file counts it, with the text that it quotes ("" where it quotes none).
struct QuotedSpan {
  int64_t start = 0, end = 0;
  std::string text;
};
/// Whether two strings are one but for white space and its amount, by which programs shorten what
/// they quote of a text.
bool same_words(std::string_view a, std::string_view b);
/// Where `words` end in a text that begins with them, white space aside; nothing where it does not.
std::optional<size_t> behind_words(std::string_view text, std::string_view words);

/// Whether what stands in a text is what a file quotes of it.
using Quotes = bool (*)(std::string_view there, std::string_view quoted);
/// The first way of counting by which all spans have the text that they quote; nothing where there
/// is none.
std::optional<Counting> counting_of(std::string_view text, const std::vector<QuotedSpan>& spans,
                                    const std::vector<Counting>& tried, Quotes quotes = same_words);

/// A text of tokens, and where they are in it.
struct TokenText {
  std::string text;
  std::vector<Piece> tokens;
};
/// Tokens joined by one space, as TACRED's are.
TokenText join_tokens(const std::vector<std::string>& tokens);
/// From the first to the last token, both inclusive. Throws Error that names `what` where there
/// are no such tokens.
Piece token_range(const TokenText& text, int64_t first, int64_t last, const std::string& what);
/// The same up to the token before `end`.
Piece tokens_before(const TokenText& text, int64_t first, int64_t end, const std::string& what);

}  // namespace relatum::task
