// Scores of the answers that matter: the tree is walked from its root, where probability leads.
#pragma once

#include <span>
#include <vector>

#include "base/context.h"
#include "engine/score_labels.h"

namespace relatum::engine {

/// score_batches() for options.negligible > 0 or options.edges other than kExact: prompts first,
/// then the tree's open branches of all prompts of a batch together, over the cached prompts. A
/// branch is left out for good only when answers that are known in full outweigh it by
/// 1 / negligible; for kGreedy, all but the most probable are. For kShares and kGreedy, tokens that
/// follow without a choice are fed together, those behind the last choice not at all.
void follow_branches(Worker& worker, const PromptRows& prompts, const AnswerTries& tries,
                     const ScoreOptions& options, const TakeScores& take, const Context& context);

}  // namespace relatum::engine
