// Kinds of mistakes: a relation the wrong way round is another mistake than another relation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "task/scored_labels.h"

namespace relatum::task {

/// A label's relation and its direction, where it names one: "(e1,e2)" or "(e2,e1)" at its end.
struct DirectedLabel {
  std::string_view relation;
  bool directed = false, reversed = false;
};
DirectedLabel split_direction(std::string_view label);
/// The label of the same pair asked the other way round: r(e2,e1) for r(e1,e2), and for r, which
/// goes from head to tail; r(e1,e2) for r(e2,e1).
std::string turned_label(std::string_view label);
/// Whether two different labels are one relation in its two directions.
bool same_relation_turned(std::string_view one, std::string_view other);

/// Each mistake is one of these. A gold label without an answer and an answer beside all gold
/// labels count once each, so the sum is the number of cells off the confusion's diagonal.
struct ErrorKinds {
  int64_t direction = 0;   ///< the gold relation, the wrong way round
  int64_t relation = 0;    ///< another relation
  int64_t missed = 0;      ///< a relation for which the negative label was answered
  int64_t spurious = 0;    ///< a relation where the gold has the negative label
  int64_t unanswered = 0;  ///< a gold label without an answer: unparsed, missing, one of several
  int64_t extra = 0;       ///< an answer more than the pair has labels

  int64_t total() const { return direction + relation + missed + spurious + unanswered + extra; }
};

/// Of pairs with several labels, the two directions of a relation are paired first, what is left in
/// order, as cells_of() does.
ErrorKinds count_errors(const ScoredLabels& scored, std::optional<int32_t> negative);
/// What the mistake of one pair is called: "direction", "relation", "missed", "spurious",
/// "unanswered" or "extra"; the first of several in this order; "" where there is none.
std::string_view error_kind(const ScoredLabels& scored, std::optional<int32_t> negative,
                            size_t example);

/// Figures that do not look at the direction: labels are cut to their relation.
struct Undirected {
  double accuracy = 0;
  Scores micro_all, macro;
  std::optional<Scores> micro_relations, macro_relations;  ///< where there is a negative label
};
/// Nothing where no label of gold or inventory has a direction.
std::optional<Undirected> score_undirected(const ScoredLabels& scored,
                                           std::optional<int32_t> negative);

/// Whether every answer of a pair is among its gold labels, and there is one.
bool is_right(const ScoredLabels& scored, size_t example);

}  // namespace relatum::task
