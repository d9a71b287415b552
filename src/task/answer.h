// From a model's free answer to a label, by stated rules; never a guess.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "task/labels.h"

namespace relatum::task {

/// The rules, tried in this order; the first that finds exactly one label decides:
///  1. Plain: the whole answer, trimmed of white space, equals an answer text or a label.
///  2. Folded: the first line that is not empty, without a leading "relation_type", "relation
///     type", "relation", "label" or "answer" and its ":", "=" or "is", without quotes, backticks,
///     asterisks and a final full stop around it, equals one after folding (lower case; a run of
///     white space, "_" and "-" counts as one space, and as none beside other punctuation).
///  3. Contained: exactly one label stands in the first line, folded, with no letter or digit
///     beside it. A label inside a longer one that stands there does not count. A label that is a
///     plain word ("Other") counts as the line's last word in its own spelling only; a line with
///     "not", "never" or the like is left alone.
/// All else is unparsed. Texts that two labels share after folding count for neither.
class AnswerParser {
 public:
  /// `answers`: the labels' answer texts, in the inventory's order (prompt.h's answer_texts()).
  AnswerParser(const Labels& labels, std::span<const std::string> answers);
  /// The label's index, or nothing.
  std::optional<int64_t> parse(std::string_view answer) const;

 private:
  std::optional<int64_t> contained(std::string_view line) const;
  std::map<std::string, int64_t, std::less<>> plain_, folded_;  // -1: shared by two labels
};

}  // namespace relatum::task
