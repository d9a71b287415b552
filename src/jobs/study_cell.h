// One cell of a study: its stages in order, then its figures.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "jobs/study.h"
#include "jobs/study_perplexity.h"

namespace relatum::jobs {

/// Called before a stage is run, but not for one whose result is there.
using StageBegins = std::function<void(const std::string& stage)>;

/// Runs what is not there yet, goes on with what was left unfinished, and scores the answers and
/// asks for the text: what the results file keeps of a cell, settings aside. Nothing where the host
/// stopped it. Throws Error.
std::optional<nlohmann::json> run_study_cell(const StudyCell& cell, const StageBegins& begins,
                                             StudyPerplexity& text, const Host& host);

/// Answers of a cell as a record has them ("answers" and "labels"), for these rows. Throws Error
/// where they are of other rows.
std::vector<task::Prediction> recorded_answers(const nlohmann::json& record,
                                               const task::Dataset& data);

}  // namespace relatum::jobs
