// What a fine-tuning starts from: an adapter that is there (--init-adapter).
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "engine/session.h"
#include "jobs/finetune_options.h"
#include "jobs/run_record.h"
#include "task/labels.h"
#include "train/trainable.h"

namespace relatum::jobs {

/// What --init-adapter names, before a model is open.
struct AdapterStart {
  std::optional<RunInfo> run;          ///< nothing: a folder of another program's, or a file
  std::optional<task::Labels> labels;  ///< that it was taught; nothing: not known
};

/// Looks at the adapter's folder or GGUF file, and completes `options`: the hash of its numbers,
/// and from a run its task, model, base format, prompt style and chat where the options name none.
/// Nothing where they name no adapter. Throws Error where the folder holds none, its run is not
/// finished or was changed since (unless forced), or no model is known.
std::optional<AdapterStart> read_start(FinetuneOptions& options, const Host& host);

/// Holds base, tokenizer and chat template against the adapter's run as `extract` does; a run that
/// is gone on with was checked when it began. One line where `labels`, the new run's, are not those
/// of the adapter.
void check_start(const FinetuneOptions& options, const AdapterStart& start,
                 const engine::Session& session, const task::Labels& labels, const Host& host);

/// The adapter with its numbers; its form becomes that of the options. Throws Error that names an
/// option which was given and contradicts it. `extras`: how many numbers are trained along.
std::unique_ptr<train::Trainable> load_start(FinetuneOptions& options,
                                             const engine::Session& session, int64_t extras = 0);

/// The record's keys for the options as they were given, and for where the run started from.
nlohmann::json start_record(const FinetuneOptions& options, const std::string& base_hash);

}  // namespace relatum::jobs
