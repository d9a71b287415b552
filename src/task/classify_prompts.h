// Predictions of a classifier.
#pragma once

#include "task/answer_prompts.h"
#include "task/classifier_rows.h"

namespace relatum::task {

/// Per label of the inventory the place of its output. Throws Error that names a label which the
/// classifier was not trained on.
std::vector<size_t> outputs_of(const Labels& labels, const ClassifierStyle& style);

/// Per prompt the log-probabilities of the renderer's labels among themselves. Fewer where the
/// context stops.
std::vector<std::vector<double>> class_scores(engine::Worker& worker,
                                              const PromptRenderer& renderer,
                                              std::span<const Prompt> prompts,
                                              const AnswerOptions& options, const Context& context);

/// answer_batches() for prompts of a classifier's style: per label its probability, the softmax
/// over those of the outputs whose labels the renderer has. The worker has one adapter, whose head,
/// or pair head, is the classifier. Throws Error for a label that the classifier was not trained
/// on.
void classify_prompts(engine::Worker& worker, const StyledPrompts& prompts,
                      const AnswerOptions& options, const TakePredictions& take,
                      const Context& context);

}  // namespace relatum::task
