// Arms of a study that come to the same, and what arms may be called.
#pragma once

#include <string>
#include <vector>

#include "app/study_config.h"
#include "jobs/study.h"

namespace relatum::app {

/// Copies that [grid] made of one arm, and whose cells have the same keys, become the first of
/// them, named without the values of axes that change nothing: the base model beside a grid over
/// training data is one arm. Arms and baseline change with the cells, which lie arm by arm. Returns
/// a sentence for each arm that stands for several. Throws Error where two arms would have one
/// name.
std::vector<std::string> merge_copies(StudyConfig& config, std::vector<jobs::StudyCell>& cells);

/// Whether the arm, or what merge_copies() makes of it, may have that name.
bool may_be_called(const std::string& name, const StudyArm& arm);

/// Throws Error where the baseline is named, and is no arm; before the arms are `planned`, where
/// none may come to be called so.
void check_baseline(const StudyConfig& config, bool planned);

/// Throws Error where two arms have equal settings.
void refuse_equal(const StudyConfig& config, const std::vector<jobs::StudyCell>& cells);

}  // namespace relatum::app
