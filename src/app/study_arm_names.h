// Arms of a study by the names that people give them.
#pragma once

#include <string>

#include "app/study_config.h"

namespace relatum::app {

/// The arm of that name, or the one that stands for a copy of that name (merge_copies()); before
/// the arms are `planned`, else the first that may come to have it. nullptr where there is none.
const StudyArm* find_arm(const StudyConfig& config, const std::string& name, bool planned);

/// For messages about a name that no arm has: the nearest one, and the arms' first ones.
std::string arm_hint(const StudyConfig& config, const std::string& name);

/// Gives the baseline the name of the arm that it names, if by that of a copy. Throws Error where
/// there is no such arm, or before the arms are `planned` where none may come to be.
void settle_baseline(StudyConfig& config, bool planned);

}  // namespace relatum::app
