// Python's dialect turned into ICU's, and matching within a time limit.
#include "text/python_pattern.h"

#include <fmt/format.h>
#include <unicode/regex.h>

#include "base/error.h"
#include "base/utf8.h"

namespace relatum::text {
namespace {

// ICU's unit is some milliseconds of state changes; honest expressions need none of them.
constexpr int32_t kTimeLimit = 500;

[[noreturn]] void refuse(const std::string& place, std::string_view expression,
                         const std::string& why) {
  fail("text.pattern",
       fmt::format("{}: the regular expression '{}' {}.", place, to_valid_utf8(expression), why));
}

/// Python's spelling → ICU's: named groups lose their names (ICU's may not have "_"), and inside
/// a class "[" and "&&" are plain characters.
class Translator {
 public:
  Translator(std::string_view expression, const std::string& place)
      : in_(expression), place_(place) {}

  std::string run() {
    while (at_ < in_.size()) {
      if (in_[at_] == '\\') escape();
      else if (in_class_) class_character();
      else if (in_[at_] == '[') open_class();
      else if (in_[at_] == '(') group();
      else out_ += in_[at_++];
    }
    return std::move(out_);
  }

 private:
  void escape() {
    out_ += in_[at_++];
    if (at_ < in_.size()) out_ += in_[at_++];
  }

  void open_class() {
    in_class_ = true;
    out_ += in_[at_++];
    if (at_ < in_.size() && in_[at_] == '^') out_ += in_[at_++];
    if (at_ < in_.size() && in_[at_] == ']') {  // first in a class it is a character
      out_ += "\\]";
      ++at_;
    }
  }

  void class_character() {
    const char c = in_[at_++];
    if (c == ']') in_class_ = false;
    if (c == '[' || c == '&') out_ += '\\';
    out_ += c;
  }

  void group() {
    const std::string_view rest = in_.substr(at_);
    if (rest.starts_with("(?P=") || rest.starts_with("(?(")) {
      refuse(place_, in_, "refers to a group in a way that is not supported");
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
  bool in_class_ = false;
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
