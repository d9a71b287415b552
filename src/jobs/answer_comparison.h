// How the answers of two models differ on the same sentences.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/extract_rows.h"
#include "task/prediction.h"

namespace relatum::jobs {

/// Of the probabilities of all labels for all examples that both answered.
struct AnswerComparison {
  int64_t examples = 0, labels = 0;
  double largest = 0, mean = 0;  ///< absolute differences of probabilities
  std::string largest_id, largest_label;
  int64_t other_answers = 0;  ///< examples whose likeliest label is another one
  /// The data's official figure, where all examples have a label.
  std::string official;
  std::optional<double> f1_before{}, f1_after{};
};

/// All rows with their labels' exact probabilities. Fewer than all where the host stopped.
std::vector<task::Prediction> answer_rows(const ExtractOptions& options, const ExtractSetup& setup,
                                          const ExtractRows& rows, const Host& host);

/// The two are of the same rows in the same order.
AnswerComparison compare_answers(const std::vector<task::Prediction>& before,
                                 const std::vector<task::Prediction>& after);
/// Adds the official figure of both.
void score_answers(const ExtractOptions& options, const ExtractSetup& setup,
                   const std::vector<task::Prediction>& before,
                   const std::vector<task::Prediction>& after, const Host& host,
                   AnswerComparison& comparison);

}  // namespace relatum::jobs
