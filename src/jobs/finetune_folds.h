// Cross-validation: one fine-tuning for each part of the training data that is left out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/finetune_record.h"
#include "task/student.h"

namespace relatum::jobs {

struct FoldScore {
  int64_t rows = 0, unparsed = 0;
  double official = 0, accuracy = 0;        ///< fractions
  std::map<std::string, double> metrics{};  ///< F1 of each metric that applies
};

struct FoldsResult {
  bool finished = false;  ///< false: the host stopped it
  std::string metric;     ///< what the official figure is, for people
  std::vector<FoldScore> folds;
  task::Spread official, accuracy;  ///< over the folds
  FoldScore pooled;                 ///< of all rows together, each answered by its fold's adapter
};

/// RUN/folds.json, the record of a cross-validation.
std::filesystem::path folds_record(const std::filesystem::path& run);

/// Trains `options.folds` adapters in OUT/fold-1 and so on, each on all rows but those of its part,
/// which it then answers; pools the answers in OUT/predictions.jsonl, in the order of the data, and
/// scores them. With `resume`, parts that are finished are not trained again. Throws Error as
/// finetune() does, where the data have fewer different sentences than parts, and where a run is
/// gone on with whose data were others.
FoldsResult finetune_folds(const FinetuneOptions& options, const Host& host);

/// The scores that a record (folds.json) has; nothing where the folds are not all done. Throws
/// Error with file and key.
std::optional<FoldsResult> read_folds(const std::filesystem::path& record);

/// A table of the folds with mean, deviation and interval, in per cent.
std::string folds_text(const FoldsResult& result);

/// In a fold's own run: answers the rows that it did not train on, into RUN/predictions.jsonl.
/// False where the context stopped it; nothing is written then.
bool answer_fold(const FinetuneParts& parts, engine::Worker& worker, const Context& context);

}  // namespace relatum::jobs
