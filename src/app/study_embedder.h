// An arm's index by the states of another arm's run: index.embedder = "arm:NAME".
#pragma once

#include "app/study_config.h"

namespace relatum::app {

/// The arm of the study whose runs, seed by seed, embed this one's index; nullptr where an embedder
/// does, or nothing. Before equal copies are one arm, the first copy that may come to have the
/// name. Throws Error, with file and line, for an arm that cannot.
const StudyArm* embedding_arm(const StudyConfig& study, const StudyArm& arm);

/// Throws Error where an arm names one to embed by that is not there once equal copies are one arm.
void check_embedding_arms(const StudyConfig& study);

}  // namespace relatum::app
