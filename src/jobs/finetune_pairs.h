// `--task joint --head classifier`: one pass over a sentence finds its entities and names the
// relations of all their pairs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "engine/session.h"
#include "jobs/finetune_data.h"
#include "jobs/finetune_joint.h"
#include "jobs/finetune_options.h"
#include "jobs/finetune_rows.h"
#include "task/classifier_rows.h"
#include "task/prompt.h"
#include "train/pair_numbers.h"

namespace relatum::jobs {

/// Whether pairs are classified by states of one pass over their sentence.
bool reads_pairs(const FinetuneOptions& options);

/// The style of such pairs. `types`: those of the run's entities.
task::PromptStyle pair_style_of(const task::Labels& labels, const std::vector<std::string>& types);

/// What pairs are read with, and which rows belong together.
struct PairSource {
  const engine::Session& session;
  const task::PromptRenderer& renderer;
  SentenceGroups& groups;
};
/// Gives the texts among the rows the training pairs of their sentences. Told is how many are not
/// learned, as their sentence is cut between their entities or was left out. Throws Error where
/// none is left.
void add_pairs(const FinetuneOptions& options, const FinetuneData& data, const PairSource& source,
               FinetuneRows& rows, const Context& context);

/// The sizes of the classifier of pairs.
train::PairForm pair_form(const engine::Session& session, const FinetuneData& data);

}  // namespace relatum::jobs
