// Arms of a study that come to the same.
#pragma once

#include <string>
#include <vector>

#include "app/study_config.h"
#include "jobs/study.h"

namespace relatum::app {

/// Copies that [grid] made of one arm, and whose cells have the same keys, become the first of
/// them, named without the values that change nothing: the base model beside a grid over training
/// data is one arm. Arms and baseline change with the cells, which lie arm by arm. Returns a
/// sentence for each arm that stands for several.
std::vector<std::string> merge_copies(StudyConfig& config, std::vector<jobs::StudyCell>& cells);

/// Whether a planned arm of that name is the arm, or what merge_copies() made of it.
bool is_of_arm(const std::string& planned, const StudyArm& arm);

/// Throws Error where two arms have equal settings.
void refuse_equal(const StudyConfig& config, const std::vector<jobs::StudyCell>& cells);

}  // namespace relatum::app
