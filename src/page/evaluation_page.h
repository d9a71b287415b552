// What `evaluate --report` and `compare --report` write: one HTML file that holds everything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "page/sections.h"
#include "task/analysis.h"
#include "task/compare.h"
#include "task/evaluate.h"

namespace relatum::page {

/// All that is known of one system's answers.
struct Evaluation {
  const task::Report& report;
  const task::Analysis* analysis = nullptr;  ///< nullptr: no groups are shown
  const Origin& origin;
};

/// Complete as tables; with drawings where the build has them (has_charts()). Its <script
/// id="relatum-data" type="application/json"> has the keys "kind": "evaluation", "evaluation" (what
/// `evaluate --json` prints), "analysis" (`analyse --json`), "run" and "training"
/// (jobs::history_json) and "answers" (the answers' record), null where unknown; "left_out" tells
/// which lists are shorter than there. Long texts are excerpts there as on the page. The page's
/// size has a bound that no data exceed.
std::string evaluation_page(const Evaluation& evaluation);

/// What lies beside the answers of each file of both sides.
struct ComparedAnswers {
  std::vector<jobs::AnswersRecord> first, second;
};

/// "kind": "comparison", "comparison" as `compare --json` prints it, and "answers" with the records
/// of the "first" and the "second" files, null where there is none. `time`: when.
std::string comparison_page(const task::Comparison& comparison, const ComparedAnswers& answers,
                            const std::string& time);

}  // namespace relatum::page
