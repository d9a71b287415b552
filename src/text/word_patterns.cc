// The alternatives of the published word patterns, in their order.
#include "text/word_patterns.h"

#include <array>

#include "base/utf8.h"
#include "text/unicode.h"

namespace relatum::text {
namespace {

// The published expressions themselves, only to recognise them in tokenizer.json.
constexpr std::string_view kGpt2Expression =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kLlama3Expression =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3})"
    R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen2Expression =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N})"
    R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

constexpr std::string_view kTekkenExpression =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
    R"(|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

enum class Kind { kLetter, kNumber, kSpace, kOther };

Kind kind_of(char32_t c) {
  if (is_letter(c)) return Kind::kLetter;
  if (is_white_space(c)) return Kind::kSpace;
  return is_number(c) ? Kind::kNumber : Kind::kOther;
}

struct Char {
  char32_t c;
  Kind kind;
  size_t end;
};

Char char_at(std::string_view text, size_t at) {
  const char32_t c = next_char(text, at);
  return {c, kind_of(c), at};
}

bool is_line_end(char32_t c) { return c == '\r' || c == '\n'; }

/// End of the run of `kind` that goes on at `at`.
size_t run_end(std::string_view text, size_t at, Kind kind, int limit = -1) {
  for (int n = 0; at < text.size() && n != limit; ++n) {
    const Char next = char_at(text, at);
    if (next.kind != kind) break;
    at = next.end;
  }
  return at;
}

/// Length of 's 't 're 've 'm 'll 'd behind an apostrophe at `at`, 0 if there is none.
size_t contraction(std::string_view text, size_t at, bool any_case) {
  constexpr std::array<std::string_view, 7> kEndings = {"s", "t", "re", "ve", "m", "ll", "d"};
  const std::string_view rest = text.substr(at + 1, 2);
  for (const std::string_view ending : kEndings) {
    bool same = rest.size() >= ending.size();
    for (size_t i = 0; same && i < ending.size(); ++i) {
      const char c = any_case && rest[i] >= 'A' && rest[i] <= 'Z' ? char(rest[i] + 32) : rest[i];
      same = c == ending[i];
    }
    if (same) return 1 + ending.size();
  }
  // Caseless matching also takes the long s, which folds to s.
  return any_case && rest == "\u017f" ? 3 : 0;
}

/// \s+(?!\S)|\s+ : leaves the last of several spaces to the word behind them.
size_t space_end(std::string_view text, size_t at) {
  size_t before_last = at, end = at;
  while (end < text.size()) {
    const Char next = char_at(text, end);
    if (next.kind != Kind::kSpace) return before_last > at ? before_last : end;
    before_last = end;
    end = next.end;
  }
  return end;
}

size_t gpt2_end(std::string_view text, size_t at) {
  const Char first = char_at(text, at);
  if (first.c == '\'') {
    if (const size_t length = contraction(text, at, false)) return at + length;
  }
  if (first.c == ' ' && first.end < text.size()) {
    const Char second = char_at(text, first.end);
    if (second.kind != Kind::kSpace) return run_end(text, second.end, second.kind);
  }
  if (first.kind == Kind::kSpace) return space_end(text, at);
  return run_end(text, first.end, first.kind);
}

/// [^\s\p{L}\p{N}]+[\r\n]* from inside the signs.
size_t signs_end(std::string_view text, size_t at) {
  at = run_end(text, at, Kind::kOther);
  while (at < text.size() && is_line_end(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

/// \s*[\r\n]+|\s+(?!\S)|\s+ : up to the last line end of the run if it has one.
size_t lines_end(std::string_view text, size_t at) {
  size_t end = at, behind_line = 0;
  while (end < text.size()) {
    const Char next = char_at(text, end);
    if (next.kind != Kind::kSpace) break;
    end = next.end;
    if (is_line_end(next.c)) behind_line = end;
  }
  return behind_line ? behind_line : space_end(text, at);
}

size_t llama3_end(std::string_view text, size_t at, int digits) {
  const Char first = char_at(text, at);
  if (first.c == '\'') {
    if (const size_t length = contraction(text, at, true)) return at + length;
  }
  if (first.kind == Kind::kLetter) return run_end(text, first.end, Kind::kLetter);
  if (first.kind == Kind::kNumber) return run_end(text, first.end, Kind::kNumber, digits - 1);
  if (!is_line_end(first.c) && first.end < text.size()) {
    const Char second = char_at(text, first.end);
    if (second.kind == Kind::kLetter) return run_end(text, second.end, Kind::kLetter);
    if (first.c == ' ' && second.kind == Kind::kOther) return signs_end(text, second.end);
  }
  if (first.kind == Kind::kSpace) return lines_end(text, at);
  return signs_end(text, first.end);
}

// Letters without case, and marks, count as capitals and as small letters.
enum Case { kNone = 0, kCapital = 1, kSmall = 2, kBoth = 3 };

Case case_at(std::string_view text, size_t at, size_t& end) {
  end = at;
  const char32_t c = next_char(text, end);
  if (is_lower_letter(c)) return kSmall;
  if (is_upper_letter(c)) return kCapital;
  return is_letter(c) || is_mark(c) ? kBoth : kNone;
}

/// End of the run of `wanted` that goes on at `at`.
size_t case_end(std::string_view text, size_t at, Case wanted) {
  for (size_t end = at; at < text.size(); at = end) {
    if (!(case_at(text, at, end) & wanted)) break;
  }
  return at;
}

/// Capitals, then at least one small letter; `at` where there is none.
size_t small_end(std::string_view text, size_t at) {
  size_t last = at, next = at;  // behind the last of the run that a small letter's place can be
  for (size_t end = at; next < text.size(); next = end) {
    const Case found = case_at(text, next, end);
    if (!(found & kCapital)) break;
    if (found == kBoth) last = end;
  }
  const size_t end = case_end(text, next, kSmall);
  return end > next ? end : last;
}

size_t tekken_end(std::string_view text, size_t at) {
  const Char first = char_at(text, at);
  const bool may_lead = first.kind != Kind::kLetter && first.kind != Kind::kNumber &&
                        !is_line_end(first.c);
  if (may_lead) {
    if (const size_t end = small_end(text, first.end); end > first.end) return end;
  }
  if (const size_t end = small_end(text, at); end > at) return end;
  if (may_lead) {
    if (const size_t end = case_end(text, first.end, kCapital); end > first.end) return end;
  }
  if (const size_t end = case_end(text, at, kCapital); end > at) return end;
  if (first.kind == Kind::kNumber) return first.end;
  const bool led = first.c == ' ' && first.end < text.size() &&
                   char_at(text, first.end).kind == Kind::kOther;
  if (first.kind == Kind::kSpace && !led) return lines_end(text, at);
  size_t end = run_end(text, first.end, Kind::kOther);
  while (end < text.size() &&
         (text[end] == '/' || is_line_end(static_cast<unsigned char>(text[end])))) {
    ++end;
  }
  return end;
}

}  // namespace

std::optional<WordPattern> known_pattern(std::string_view expression) {
  if (expression == kGpt2Expression) return WordPattern::kGpt2;
  if (expression == kLlama3Expression) return WordPattern::kLlama3;
  if (expression == kQwen2Expression) return WordPattern::kQwen2;
  if (expression == kTekkenExpression) return WordPattern::kTekken;
  return std::nullopt;
}

size_t word_end(std::string_view text, size_t at, WordPattern pattern) {
  switch (pattern) {
    case WordPattern::kGpt2: return gpt2_end(text, at);
    case WordPattern::kLlama3: return llama3_end(text, at, 3);
    case WordPattern::kQwen2: return llama3_end(text, at, 1);
    case WordPattern::kTekken: return tekken_end(text, at);
  }
  return text.size();
}

}  // namespace relatum::text
