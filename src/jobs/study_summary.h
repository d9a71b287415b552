// What a study's cells say together: each arm's figures with intervals, and against the baseline.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "jobs/study.h"

namespace relatum::jobs {

/// Draws of the bootstrap.
inline constexpr int64_t kStudySamples = 4000;

/// A list with an object for each arm that has results: its figures over seeds, with the interval
/// of the bootstrap over texts (seeds held fixed), and the difference to the baseline where both
/// answered the same rows. `all` is a results file; what it says already of the same cells is kept.
/// Throws Error where data cannot be read.
nlohmann::json study_summaries(const Study& study, const nlohmann::json& all, const Host& host);

}  // namespace relatum::jobs
