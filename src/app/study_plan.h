// From a study's file to cells: every arm with every seed, planned, keyed and checked.
#pragma once

#include "app/environment.h"
#include "app/study_config.h"
#include "jobs/study.h"

namespace relatum::app {

/// Holds rows out where the file asks for it (that alone is written), plans each cell, makes copies
/// of equal settings one arm (merge_copies()), and refuses other arms of equal settings and arms
/// that differ in instruction set or, unless the file says so, in compute type. Warns of seeds and
/// training data that no arm uses. Settles the process's instruction set and threads. Throws Error.
jobs::Study plan_study(StudyConfig& config, Environment& environment);

/// Reads every file and tries every setting of the arms that have cells without results, as `run`
/// does before its first stage. Throws Error that names the arm.
void check_study(const StudyConfig& config, const jobs::Study& study, Environment& environment);

/// A path of the file, as `run` takes its own: relative to the file's folder.
std::filesystem::path study_path(const StudyConfig& config, const std::string& path);

}  // namespace relatum::app
