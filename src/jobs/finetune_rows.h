// From examples to what the model reads: training rows in tokens, dev prompts in text.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/session.h"
#include "jobs/finetune_data.h"
#include "jobs/retrieval.h"
#include "task/prompt.h"
#include "train/batcher.h"

namespace relatum::jobs {

struct FinetuneRows {
  std::vector<train::TrainRow> train;
  std::vector<std::string> places;         ///< of each training row: "example '7' (rows.jsonl:3)"
  train::Thinning thinned;                 ///< of which an epoch has a part (--negatives)
  std::map<std::string, double> weights;   ///< by label (--label-weights); empty: 1 each
  std::vector<task::Prompt> dev;           ///< one per dev example
  std::vector<task::Prompt> test;          ///< one per example of the fold that is left out
  std::string index_hash;                  ///< empty where no index is used
  int64_t left_out = 0, dev_left_out = 0;  ///< rows longer than the model's context
  int64_t widest = 0;                      ///< words of the longest span, where rows have spans
  int64_t dev_documents = 0;               ///< whose entities are looked for

  /// Of dev examples or documents.
  int64_t dev_count() const { return int64_t(dev.size()) + dev_documents; }
};

/// The examples that a fine-tuning puts into prompts.
ExampleChoice example_choice(const FinetuneOptions& options);

/// Retrieves neighbours where --index asks for it, renders all prompts, and checks that each fits
/// the model's context with its answer (dev prompts: with any answer). Rows that do not fit are an
/// Error that names the first, or, with --skip-bad-rows, leave `data` and are told in one warning.
/// Says which rows an epoch has and what each weighs, too (finetune_balance.h).
FinetuneRows make_finetune_rows(const FinetuneOptions& options, FinetuneData& data,
                                const engine::Session& session,
                                const task::PromptRenderer& renderer, const Host& host);

}  // namespace relatum::jobs
