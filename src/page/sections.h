// The parts of a report's page, one function each; a part that has nothing to say has no body.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/run_history.h"
#include "page/document.h"
#include "task/analysis.h"
#include "task/evaluate.h"

namespace relatum::page {

/// Where the answers come from.
struct Origin {
  std::string predictions;              ///< the file, as it was named
  jobs::AnswersRecord answers;          ///< what lies beside it
  std::optional<jobs::RunHistory> run;  ///< nothing where no run was named
  std::string time;                     ///< when they were scored
  std::vector<std::string> warnings{};  ///< of answers and run, a sentence each
};

/// Headline figures, all figures with their intervals, and the kinds of mistakes.
Section figures_section(const task::Report& report);
/// A line for each label, the most frequent ones where they are many.
Section labels_section(const task::Report& report);
/// Gold labels against answers; of many labels those with the most mistakes.
Section confusion_section(const task::Report& report);
Section calibration_section(const task::Report& report);
Section threshold_section(const task::Report& report);
/// Groups of examples with their share of mistakes, their sentences and retrieved examples.
Section failures_section(const task::Analysis& analysis);
/// The most confident wrong answers.
Section wrong_section(const task::Report& report);
/// Loss and dev figures over the steps.
Section training_section(const Origin& origin);
/// Time and memory.
Section costs_section(const Origin& origin);
/// Both records, key by key.
Section record_section(const Origin& origin);

/// The sentences that tell what a page does not show: "The 300 most frequent of 4,000 labels."
std::string shown_note(std::string_view which, size_t shown, size_t all, std::string_view what);
/// Names in bold, each with its own direction of writing; at most ten.
std::string names_html(const std::vector<std::string>& names, std::string_view kind);

}  // namespace relatum::page
