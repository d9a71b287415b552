// SemEval-2010 Task 8's official scorer: three evaluations with all their figures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "task/confusion.h"

namespace relatum::task {

/// One printed "Results for the individual relations" line, or the micro average.
struct SemevalRow {
  std::string relation;  ///< e.g. "Cause-Effect(e1,e2)", "Cause-Effect", "Other"
  int64_t correct = 0;
  int64_t predicted = 0;        ///< column sum of the matrix
  int64_t wrong_direction = 0;  ///< predicted in the wrong direction (official evaluation only)
  int64_t gold = 0;
  Scores scores;
};

/// One of the scorer's three blocks. The matrix is square over `relations`: those of the key in the
/// scorer's order, Other, then relations that only the proposal has (their rows are 0).
struct SemevalEvaluation {
  std::vector<std::string> relations;
  std::vector<std::vector<int64_t>> matrix;               ///< [gold][predicted]
  std::vector<int64_t> wrong_direction, skipped, actual;  ///< per gold relation
  int64_t answered = 0, total = 0, right = 0, skipped_other = 0;
  std::vector<SemevalRow> rows;  ///< relations of the key, Other last (where the key has it)
  SemevalRow micro;              ///< without Other
  Scores macro;                  ///< without Other

  double coverage() const;  ///< answered / total
  double accuracy() const;  ///< right / answered
  double accuracy_skipped_wrong() const;
  double accuracy_skipped_other() const;
};

struct SemevalScores {
  SemevalEvaluation directed;    ///< (2*9+1)-way
  SemevalEvaluation undirected;  ///< (9+1)-way, direction ignored
  SemevalEvaluation official;    ///< (9+1)-way, direction taken into account; its macro F1 counts
};

/// The 19 labels, sorted as the scorer prints them.
const std::vector<std::string>& semeval_labels();
/// Whether the labels that decide which figures apply (LabelScope::inventory) are all SemEval's,
/// and at least one has a direction.
bool is_semeval(const Confusion& confusion);
/// All three evaluations of a confusion over SemEval's labels (kNone: skipped). How labels that are
/// not SemEval's count in the official one: an answer that is a relation without its direction
/// ("Cause-Effect") is a wrong answer of that relation; any other such answer predicts none of the
/// relations, so it counts against recall alone. A gold label that is not SemEval's makes no
/// relation of its own; the answers given to it count against the precision of what they name.
SemevalScores score_semeval(const Confusion& confusion);

}  // namespace relatum::task
