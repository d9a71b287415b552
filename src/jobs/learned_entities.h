// A run of `finetune --task entities` or joint as what finds the entities of a graph's documents.
#pragma once

#include <memory>

#include "graph/entity_finder.h"
#include "jobs/answerer.h"
#include "jobs/extract_options.h"
#include "jobs/host.h"

namespace relatum::jobs {

/// Opens the run that `options.adapter` names; `model`, `force` and `batch_tokens` hold as for
/// `extract`. Entities are looked for in the sentences that documents are given with, and nowhere
/// across them; what came with a document does not count. Throws Error where the folder holds no
/// such run, or what extract() would refuse.
std::unique_ptr<graph::EntityFinder> learned_entities(const ExtractOptions& options,
                                                      const Host& host);
/// The same of a run that learned both, beside what answers its pairs, which outlives it.
std::unique_ptr<graph::EntityFinder> learned_entities(const ExtractOptions& options,
                                                      const RunInfo& run, const Answerer& answerer);

}  // namespace relatum::jobs
