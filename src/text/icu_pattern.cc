// Compiling and matching, with a limit of time.
#include "text/icu_pattern.h"

#include <fmt/format.h>
#include <unicode/regex.h>

#include "base/error.h"

namespace relatum::text {
namespace {

// ICU counts in steps of about 10,000 state changes (milliseconds): a hostile pattern ends here.
constexpr int32_t kTimeLimit = 60000;

/// An escape or class that Oniguruma and ICU read differently ("\\w" with the joiners, "\\h" as a
/// hexadecimal digit, "[:punct:]" with symbols …); empty where there is none.
std::string doubtful_part(std::string_view pattern) {
  constexpr std::string_view kSame = "sSdDpPrntxuftv";
  for (size_t at = 0; at + 1 < pattern.size(); ++at) {
    if (pattern.substr(at, 2) == "[:") return "[:";
    if (pattern[at] != '\\') continue;
    const char escaped = pattern[++at];
    const bool plain_sign = !((escaped | 0x20) >= 'a' && (escaped | 0x20) <= 'z') &&
                            !(escaped >= '0' && escaped <= '9');
    if (!plain_sign && kSame.find(escaped) == kSame.npos) return std::string("\\") + escaped;
  }
  return "";
}

}  // namespace

struct IcuPattern::Compiled {
  std::string expression, place;
  std::unique_ptr<icu::RegexPattern> pattern;
};

IcuPattern::IcuPattern(const std::string& expression, bool literal, std::string place,
                       const std::string& part) {
  const std::string doubtful = literal ? "" : doubtful_part(expression);
  if (!doubtful.empty()) {
    fail("text.split", fmt::format("{}: the pattern '{}' has '{}', which this program's regular "
                                   "expressions read differently. This {} is not supported.",
                                   place, expression, doubtful, part));
  }
  UErrorCode status = U_ZERO_ERROR;
  UParseError where;
  const auto text = icu::UnicodeString::fromUTF8(expression);
  std::unique_ptr<icu::RegexPattern> pattern(
      icu::RegexPattern::compile(text, literal ? UREGEX_LITERAL : 0, where, status));
  if (U_FAILURE(status)) {
    fail("text.split", fmt::format("{}: cannot use the pattern '{}': {}. This {} is not supported.",
                                   place, expression, u_errorName(status), part));
  }
  compiled_ = std::make_unique<Compiled>(
      Compiled{expression, std::move(place), std::move(pattern)});
}
IcuPattern::~IcuPattern() = default;
IcuPattern::IcuPattern(IcuPattern&&) noexcept = default;

std::vector<IcuPattern::Match> IcuPattern::find(std::string_view text) const {
  UErrorCode status = U_ZERO_ERROR;
  UText bytes = UTEXT_INITIALIZER;
  utext_openUTF8(&bytes, text.data(), int64_t(text.size()), &status);
  const std::unique_ptr<icu::RegexMatcher> matcher(compiled_->pattern->matcher(status));
  std::vector<Match> matches;
  if (U_SUCCESS(status)) {
    matcher->setTimeLimit(kTimeLimit, status);
    matcher->reset(&bytes);
    while (matcher->find(status) && U_SUCCESS(status)) {
      const auto begin = size_t(matcher->start64(status)), end = size_t(matcher->end64(status));
      matches.push_back({begin, end});
    }
  }
  utext_close(&bytes);
  if (U_FAILURE(status)) {
    fail("text.split",
         fmt::format("{}: the pattern '{}' gives up on a text of {} bytes: {}. Cut "
                     "the text.",
                     compiled_->place, compiled_->expression, text.size(), u_errorName(status)));
  }
  return matches;
}

}  // namespace relatum::text
