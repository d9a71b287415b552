// Rows of a study apart by whether the sentence says the relation.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "task/compare.h"
#include "task/load.h"

namespace relatum::jobs {

/// Some of a study's rows, by their places.
struct StudyGroup {
  std::string name;  ///< "explicit" or "implicit"
  std::vector<size_t> rows;
};

/// The rows with a relation apart by task::CueWords counted in `training`: explicit where a word
/// beside the pair is a cue of the gold relation, else implicit. Rows of `negative`, or of the
/// usual label that means no relation, are in no group; groups without rows are left out.
std::vector<StudyGroup> study_groups(const task::Dataset& data, const task::Dataset& training,
                                     const std::optional<std::string>& negative);

/// A group's rows alone; what each run of a side answered to them.
task::Dataset rows_of_group(const task::Dataset& data, const StudyGroup& group);
task::Side answers_of_group(const task::Side& side, const StudyGroup& group);

/// The table of arms' accuracies by group, with differences from the baseline, as Markdown; ""
/// where no arm has groups. `arms`: summaries of a results file; `base`: the baseline's or nullptr.
std::string study_groups_text(std::span<const nlohmann::json* const> arms,
                              const nlohmann::json* base);

/// How many differences of groups have an interval there.
size_t difference_intervals_of_groups(std::span<const nlohmann::json* const> arms);

}  // namespace relatum::jobs
