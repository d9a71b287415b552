// From a model's free answer to a label, by stated rules; never a guess.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "task/labels.h"

namespace relatum::task {

/// The rules, tried in this order; the first that finds exactly one label decides:
///  1. Plain: the whole answer, trimmed of white space, equals an answer text or a label.
///  2. Folded: the first line that is not empty, without a leading "relation_type", "relation type",
///     "relation", "label" or "answer" and its ":" or "=" or "is", without quotes, backticks,
///     asterisks, brackets around the whole and a final full stop, equals one after folding
///     (lower case; white space, "_" and "-" are the same and runs of them count as one).
///  3. Contained: exactly one label stands in the first line as a whole word (no letter, digit or
///     "_" touches it), after folding. A label inside a longer one that matched there does not count.
/// All else is unparsed. Texts that two labels share after folding count for neither.
class AnswerParser {
 public:
  /// `answers`: the labels' answer texts, in the inventory's order (prompt.h's answer_texts()).
  AnswerParser(const Labels& labels, std::span<const std::string> answers);
  /// The label's index, or nothing.
  std::optional<int64_t> parse(std::string_view answer) const;

 private:
  std::optional<int64_t> contained(const std::string& folded) const;
  std::map<std::string, int64_t, std::less<>> plain_, folded_;  // -1: shared by two labels
};

}  // namespace relatum::task
