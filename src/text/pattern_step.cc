// The "Split" step: known word patterns by hand, any other regular expression by ICU.
#include <fmt/format.h>
#include <unicode/regex.h>

#include "base/error.h"
#include "text/split_step.h"

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

class PatternStep final : public SplitStep {
 public:
  PatternStep(const SplitRule& rule, const std::string& place) : rule_(rule), place_(place) {
    const std::string doubtful = rule.literal ? "" : doubtful_part(rule.pattern);
    if (!doubtful.empty()) {
      fail("text.split", fmt::format("{}: the pattern '{}' has '{}', which this program's regular "
                                     "expressions read differently. This pre-tokenizer is not "
                                     "supported.",
                                     place, rule.pattern, doubtful));
    }
    UErrorCode status = U_ZERO_ERROR;
    UParseError where;
    const auto text = icu::UnicodeString::fromUTF8(rule.pattern);
    pattern_.reset(
        icu::RegexPattern::compile(text, rule.literal ? UREGEX_LITERAL : 0, where, status));
    if (U_FAILURE(status)) {
      fail("text.split", fmt::format("{}: cannot use the pattern '{}': {}. This pre-tokenizer is "
                                     "not supported.",
                                     place, rule.pattern, u_errorName(status)));
    }
  }

  void split(std::string_view piece, Pieces& out) const override {
    append_spans(piece, find(piece), rule_.delimiters, out);
  }

 private:
  std::vector<Span> find(std::string_view piece) const {
    UErrorCode status = U_ZERO_ERROR;
    UText text = UTEXT_INITIALIZER;
    utext_openUTF8(&text, piece.data(), int64_t(piece.size()), &status);
    const std::unique_ptr<icu::RegexMatcher> matcher(pattern_->matcher(status));
    std::vector<Span> spans;
    size_t done = 0;
    if (U_SUCCESS(status)) {
      matcher->setTimeLimit(kTimeLimit, status);
      matcher->reset(&text);
      while (matcher->find(status) && U_SUCCESS(status)) {
        const auto begin = size_t(matcher->start64(status));
        const auto end = size_t(matcher->end64(status));
        if (begin > done) spans.push_back({done, begin, rule_.invert});
        if (end > begin) spans.push_back({begin, end, !rule_.invert});
        done = end;
      }
    }
    utext_close(&text);
    if (U_FAILURE(status)) {
      fail("text.split", fmt::format("{}: the pattern '{}' gives up on a text of {} bytes: {}. Cut "
                                     "the text.",
                                     place_, rule_.pattern, piece.size(), u_errorName(status)));
    }
    if (done < piece.size()) spans.push_back({done, piece.size(), rule_.invert});
    return spans;
  }

  SplitRule rule_;
  std::string place_;
  std::unique_ptr<icu::RegexPattern> pattern_;
};

}  // namespace

std::unique_ptr<SplitStep> pattern_step(const SplitRule& rule, const std::string& place) {
  // The known patterns match all text, so nothing is left to invert or merge but for "Isolated".
  const bool plain = !rule.literal && !rule.invert && rule.delimiters == Delimiters::kIsolated;
  if (const auto known = known_pattern(rule.pattern); plain && known) {
    return word_step(*known);
  }
  return std::make_unique<PatternStep>(rule, place);
}

}  // namespace relatum::text
