// The "Split" step: known word patterns by hand, any other regular expression by ICU.
#include "text/icu_pattern.h"
#include "text/split_step.h"

namespace relatum::text {
namespace {

class PatternStep final : public SplitStep {
 public:
  PatternStep(const SplitRule& rule, const std::string& place)
      : rule_(rule), pattern_(rule.pattern, rule.literal, place, "pre-tokenizer") {}

  void split(std::string_view piece, bool, Pieces& out) const override {
    std::vector<Span> spans;
    size_t done = 0;
    for (const IcuPattern::Match& match : pattern_.find(piece)) {
      if (match.begin > done) spans.push_back({done, match.begin, rule_.invert});
      if (match.end > match.begin) spans.push_back({match.begin, match.end, !rule_.invert});
      done = match.end;
    }
    if (done < piece.size()) spans.push_back({done, piece.size(), rule_.invert});
    append_spans(piece, std::move(spans), rule_.delimiters, out);
  }

 private:
  SplitRule rule_;
  IcuPattern pattern_;
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
