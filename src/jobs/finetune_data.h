// What fine-tuning learns from and what it is judged by.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "jobs/entity_data.h"
#include "jobs/finetune_options.h"
#include "task/load.h"
#include "task/type_constraints.h"

namespace relatum::jobs {

/// Training and dev examples, each with a label of one inventory that both share.
struct FinetuneData {
  task::Dataset train, dev;  ///< dev has no example where none was asked for
  task::Dataset test;        ///< of a fold's run: the rows that it does not train on
  /// Of a run that finds entities; where that is all it learns, the data sets above have no
  /// examples.
  std::optional<EntityData> entities{};
  /// Labels by types of entities, where they are not those of the training examples alone.
  std::optional<task::TypeConstraints> types{};
};

/// Types of the entities that the run learns to find or to tell apart; none where it learns pairs
/// of rows.
std::vector<std::string> entity_types(const FinetuneData& data);

/// The labels of an index that is not there yet; `place` says in a sentence where they are from.
struct IndexLabels {
  task::Labels labels;
  std::string place;
};

/// Loads --train and --dev, or holds examples out. Throws Error for an example without a label and
/// for a label that a closed inventory lacks.
/// `index`: in the place of those of --index. A fold's own rows become `test` before anything is
/// held out. Throws Error, too, for rows that the options cannot balance (finetune_balance.h).
FinetuneData load_finetune_data(const FinetuneOptions& options, const Host& host,
                                const IndexLabels* index = nullptr);

/// The label that means no relation, where one is named: by --negative, or by the training data's
/// `?negative=`; of a run of sentences' pairs also the usual one. Nothing where there is none, or
/// the inventory lacks that of the data.
std::optional<std::string> negative_of(const FinetuneOptions& options, const task::Labels& labels);

/// How --holdout draws (jobs/run_record.h): a run that is gone on with holds out what it held out
/// when it began.
std::string holdout_by(const FinetuneOptions& options);

}  // namespace relatum::jobs
