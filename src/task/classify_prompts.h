// Predictions of a classifier.
#pragma once

#include "task/answer_prompts.h"
#include "task/classifier_rows.h"

namespace relatum::task {

/// Per label of the inventory the place of its output. Throws Error that names a label which the
/// classifier was not trained on.
std::vector<size_t> outputs_of(const Labels& labels, const ClassifierStyle& style);

/// answer_batches() for prompts of a classifier's style: per label its probability, the softmax
/// over those of the outputs whose labels the renderer has. The worker has one adapter, whose head
/// is the classifier. Throws Error for a label that the classifier was not trained on.
void classify_prompts(engine::Worker& worker, const StyledPrompts& prompts,
                      const AnswerOptions& options, const TakePredictions& take,
                      const Context& context);

}  // namespace relatum::task
