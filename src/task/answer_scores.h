// What calibration looks at: the log-probabilities of all labels, in each way of answering.
#pragma once

#include <span>
#include <vector>

#include "base/context.h"
#include "engine/worker.h"
#include "task/answer_prompts.h"
#include "task/prompt.h"

namespace relatum::task {

/// Of one prompt. Indices are those of the renderer's labels. A classifier answers in one way: it
/// has `scored` alone.
struct AnswerScores {
  std::vector<double> scored;  ///< sums of log-probabilities, as --answer scored takes them
  std::vector<double> shares;  ///< log-probabilities of --answer shares
  int64_t constrained = 0;     ///< the label of --answer constrained
  double constrained_probability = 0;
};

/// One pass over the prompts gives all three: a choice's share among the labels' tokens is its
/// exact probability over the sum of theirs. Fewer where the context stops.
std::vector<AnswerScores> score_answers(engine::Worker& worker, const PromptRenderer& renderer,
                                        std::span<const Prompt> prompts,
                                        const AnswerOptions& options, const Context& context);

}  // namespace relatum::task
