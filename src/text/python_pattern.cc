// Python's dialect turned into ICU's, and matching within a time limit.
#include "text/python_pattern.h"

#include <fmt/format.h>
#include <unicode/regex.h>

#include "base/error.h"
#include "base/printable.h"
#include "base/utf8.h"

namespace relatum::text {
namespace {

// ICU's unit is some milliseconds of state changes; honest expressions need none of them.
constexpr int32_t kTimeLimit = 500;

// Compiling takes time with the square of the length, and no honest expression comes near.
constexpr size_t kLongest = 16 << 10;

[[noreturn]] void refuse(const std::string& place, std::string_view expression,
                         const std::string& why) {
  fail("text.pattern", fmt::format("{}: the regular expression '{}' {}.", place,
                                   printable_start(to_valid_utf8(expression)), why));
}

bool is_octal(char c) { return c >= '0' && c <= '7'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Python's spelling → ICU's. Named groups lose their names (ICU's may not have "_"); in a class
/// "[", ":", "&" and a "-" that makes no range are plain characters; braces that are no count are
/// plain; an escape means what it means in Python, or is refused (facts: Python's re, "Regular
/// Expression Syntax").
class Translator {
 public:
  Translator(std::string_view expression, const std::string& place)
      : in_(expression), place_(place) {}

  std::string run() {
    while (at_ < in_.size()) {
      const char c = in_[at_];
      if (c == '\\') out_ += escape(false);
      else if (c == '[') whole_class();
      else if (c == '(') group();
      else if (c == '{') count();
      else if (c == '}') plain();
      else out_ += in_[at_++];
    }
    return std::move(out_);
  }

 private:
  bool next_is(char c) const { return at_ < in_.size() && in_[at_] == c; }
  void plain() {
    out_ += '\\';
    out_ += in_[at_++];
  }

  static std::string code(unsigned value) { return fmt::format("\\x{{{:x}}}", value); }

  /// At a backslash: the escape in ICU's spelling.
  std::string escape(bool in_class) {
    if (++at_ == in_.size()) refuse(place_, in_, "ends with a backslash");
    const char c = in_[at_++];
    if (is_digit(c)) return number(c, in_class);
    if (c == 'v') return code(0x0b);
    if (c == 'b' && in_class) return code(0x08);
    if (c == 'Z' && !in_class) return "\\z";
    const std::string_view known = in_class ? "afnrtxuUNdDsSwW" : "afnrtxuUNdDsSwWbBA";
    if (is_letter(c) && known.find(c) == known.npos) {
      refuse(place_, in_, fmt::format("has the escape '\\{}', which Python does not know", c));
    }
    return {'\\', c};
  }

  /// Octal digits, or outside a class the number of a group.
  std::string number(char first, bool in_class) {
    std::string digits(1, first);
    const auto more = [&](size_t most) {
      while (digits.size() < most && at_ < in_.size() && is_octal(in_[at_])) digits += in_[at_++];
    };
    if (first == '0') more(3);
    else if (in_class && is_octal(first)) more(3);
    else if (at_ + 1 < in_.size() && first <= '3' && is_octal(in_[at_]) && is_octal(in_[at_ + 1])) {
      more(3);
    } else if (in_class) {
      refuse(place_, in_, fmt::format("has the escape '\\{}', which Python does not know", first));
    } else {
      if (at_ < in_.size() && is_digit(in_[at_])) digits += in_[at_++];
      return "\\" + digits;
    }
    return code(unsigned(std::stoul(digits, nullptr, 8)));
  }

  /// One member of a class, or one end of a range in it.
  std::string member() {
    if (in_[at_] == '\\') return escape(true);
    const char c = in_[at_++];
    if (c == '[' || c == ']' || c == '&' || c == ':' || c == '-' || c == '^') return {'\\', c};
    return {c};
  }

  void whole_class() {
    out_ += in_[at_++];
    if (next_is('^')) out_ += in_[at_++];
    for (bool first = true; first || !next_is(']'); first = false) {
      if (at_ >= in_.size()) refuse(place_, in_, "has a '[' without its ']'");
      out_ += member();
      const bool range = next_is('-') && at_ + 1 < in_.size() && in_[at_ + 1] != ']';
      if (!range) continue;
      ++at_;
      out_ += '-' + member();
    }
    out_ += in_[at_++];
  }

  /// "{2}", "{2,}", "{,3}" and "{2,3}" are counts.
  void count() {
    size_t at = at_ + 1;
    const auto digits = [&] {
      const size_t start = at;
      while (at < in_.size() && is_digit(in_[at])) ++at;
      return std::string(in_.substr(start, at - start));
    };
    const std::string low = digits();
    const bool comma = at < in_.size() && in_[at] == ',';
    if (comma) ++at;
    const std::string high = comma ? digits() : "";
    if (at == in_.size() || in_[at] != '}' || (low.empty() && !comma)) return plain();
    out_ += fmt::format("{{{}{}{}}}", low.empty() ? "0" : low, comma ? "," : "", high);
    at_ = at + 1;
  }

  void group() {
    const std::string_view rest = in_.substr(at_);
    if (rest.starts_with("(?P=") || rest.starts_with("(?(")) {
      refuse(place_, in_, "refers to a group in a way that is not supported");
    }
    if (rest.starts_with("(?<") && !rest.starts_with("(?<=") && !rest.starts_with("(?<!")) {
      refuse(place_, in_, "has '(?<', which begins no group in Python: write (?P<name>");
    }
    if (!rest.starts_with("(?P<")) {
      out_ += in_[at_++];
      return;
    }
    const size_t end = rest.find('>');
    if (end == rest.npos) refuse(place_, in_, "has a group whose name does not end");
    out_ += '(';
    at_ += end + 1;
  }

  std::string_view in_;
  const std::string& place_;
  std::string out_;
  size_t at_ = 0;
};

}  // namespace

struct PythonPattern::Compiled {
  std::string expression, place;
  std::unique_ptr<icu::RegexPattern> pattern;

  /// What `match` gives on a matcher over `text`.
  template <typename Match>
  bool run(std::string_view text, Match match) const {
    UErrorCode status = U_ZERO_ERROR;
    const auto wide = icu::UnicodeString::fromUTF8(
        icu::StringPiece(text.data(), int32_t(text.size())));
    const std::unique_ptr<icu::RegexMatcher> matcher(pattern->matcher(wide, status));
    if (U_SUCCESS(status)) matcher->setTimeLimit(kTimeLimit, status);
    const bool found = U_SUCCESS(status) && match(*matcher, status);
    if (U_SUCCESS(status)) return found;
    refuse(place, expression,
           fmt::format("gives up on '{}' ({}). Write a simpler one", to_valid_utf8(text),
                       u_errorName(status)));
  }
};

PythonPattern::PythonPattern(std::string_view expression, std::string place)
    : compiled_(std::make_unique<Compiled>()) {
  compiled_->expression = expression;
  compiled_->place = std::move(place);
  if (expression.size() > kLongest) {
    refuse(compiled_->place, expression,
           fmt::format("has {} bytes, and at most {} are read. Write a shorter one",
                       expression.size(), kLongest));
  }
  const std::string translated = Translator(expression, compiled_->place).run();
  UErrorCode status = U_ZERO_ERROR;
  UParseError where;
  compiled_->pattern.reset(
      icu::RegexPattern::compile(icu::UnicodeString::fromUTF8(translated), 0, where, status));
  if (U_FAILURE(status)) {
    refuse(compiled_->place, expression,
           fmt::format("cannot be read ({}). Correct it", u_errorName(status)));
  }
}

PythonPattern::~PythonPattern() = default;
PythonPattern::PythonPattern(PythonPattern&&) noexcept = default;
PythonPattern& PythonPattern::operator=(PythonPattern&&) noexcept = default;

bool PythonPattern::matches_whole(std::string_view text) const {
  return compiled_->run(text, [](icu::RegexMatcher& matcher, UErrorCode& status) {
    return matcher.matches(status) != 0;
  });
}

bool PythonPattern::matches_start(std::string_view text, std::string* group) const {
  return compiled_->run(text, [&](icu::RegexMatcher& matcher, UErrorCode& status) {
    if (!matcher.lookingAt(status)) return false;
    if (group) matcher.group(1, status).toUTF8String(*group);
    return true;
  });
}

}  // namespace relatum::text
