// An arm's index by the states of another arm's run: index.embedder = "arm:NAME".
#pragma once

#include "app/study_config.h"

namespace relatum::app {

/// The arm of the study whose runs, seed by seed, embed this one's index; nullptr where an embedder
/// does, or nothing. Throws Error, with file and line, for an arm that cannot.
const StudyArm* embedding_arm(const StudyConfig& study, const StudyArm& arm);

}  // namespace relatum::app
