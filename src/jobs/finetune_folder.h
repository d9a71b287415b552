// RUN: whether a run may start in it, and what is written at its start.
#pragma once

#include <filesystem>

#include "jobs/finetune_record.h"

namespace relatum::jobs {

std::filesystem::path finetune_state(const std::filesystem::path& run);
/// Removes it, and its folder where nothing else lies in it.
void remove_finetune_state(const std::filesystem::path& run);

/// Throws Error where the folder cannot be written, or holds a run that the options neither go on
/// with nor replace, or none where they ask to go on; where it is read by the command, holds a
/// model, or, without --overwrite, files named like a run's without its record. Changes nothing.
void check_finetune_folder(const FinetuneOptions& options, const Host& host);
/// Throws Error where fewer than `bytes` are free where `run` will be.
void check_free_space(const std::filesystem::path& run, int64_t bytes);

/// Called once it is known that the run goes on. A new one takes the place of what an older left;
/// then labels.json is written. The record is the caller's to write next.
void begin_finetune_run(const FinetuneParts& parts);

}  // namespace relatum::jobs
