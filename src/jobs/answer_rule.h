// What an extraction does with probabilities: the run's temperature, and a threshold where asked.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "jobs/extract_setup.h"
#include "task/labels.h"
#include "task/threshold.h"

namespace relatum::jobs {

/// A number from 0 to 1 that is the whole text; nothing for any other text.
std::optional<double> probability_of(const std::string& text);

/// Throws Error for a threshold that is no number from 0 to 1, and where --answer, --format or
/// --no-calibration exclude what is asked for. Reads nothing.
void check_answer_rule(const ExtractOptions& options);

/// Whether a threshold is asked for that the run has to have kept.
bool needs_kept_threshold(const ExtractOptions& options);

/// The label that means no relation, where one was named: by the options, else by the run.
std::optional<std::string> named_negative(const ExtractOptions& options, const ExtractSetup& setup);
/// Its index: of `named`, else of the usual one; nothing where the labels have neither. Throws
/// Error where they lack `named`.
std::optional<int32_t> negative_index(const task::Labels& labels,
                                      const std::optional<std::string>& named);

/// Throws Error where --threshold dev or --multi-label needs what the run has not kept, or a
/// threshold needs a negative label that `labels` lack.
task::AnswerRule answer_rule(const ExtractOptions& options, const ExtractSetup& setup,
                             const task::Labels& labels);

/// What is to be said of --threshold dev where none was better on dev data than the likeliest
/// label; empty: nothing.
std::string threshold_warning(const ExtractOptions& options, const ExtractSetup& setup);

/// The rule in words that stay the same for the same rule; empty for none.
std::string rule_identity(const task::AnswerRule& rule);
/// The same for people: numbers of three digits, labels by name.
std::string rule_text(const task::AnswerRule& rule, const task::Labels& labels);
/// For the record beside the predictions.
nlohmann::json rule_record(const task::AnswerRule& rule, const ExtractSetup& setup);

}  // namespace relatum::jobs
