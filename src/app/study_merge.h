// Arms of a study that come to the same.
#pragma once

#include <string>
#include <vector>

#include "app/study_config.h"
#include "jobs/study.h"

namespace relatum::app {

/// Copies that [grid] made of one arm, and whose cells have the same keys, become the first of
/// them, named without the values of axes that change nothing: the base model beside a grid over
/// training data is one arm. Arms change with the cells, which lie arm by arm. Returns a sentence
/// for each arm that stands for several. Throws Error where two arms would have one name.
std::vector<std::string> merge_copies(StudyConfig& config, std::vector<jobs::StudyCell>& cells);

/// Throws Error where two arms have equal settings.
void refuse_equal(const StudyConfig& config, const std::vector<jobs::StudyCell>& cells);

}  // namespace relatum::app
