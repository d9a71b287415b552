// What an extraction writes about itself, and what it is known by when it is gone on with.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>

#include "jobs/answerer.h"
#include "jobs/extract_output.h"
#include "jobs/extract_rows.h"

namespace relatum::jobs {

/// All that decides an extraction, gathered by its stages.
struct ExtractParts {
  const ExtractOptions& options;
  std::span<const NamedSetup> setups;
  const ExtractRows& rows;
  const task::PredictionFilter& filter;
  const Answerer& answerer;
};

/// What every extraction's record says of program, command, base and machine.
nlohmann::json session_record(const engine::Session& session, const Host& host);
/// The record beside the predictions: options, hashes, counts, times.
nlohmann::json extract_record(const ExtractParts& parts, const ExtractProgress& progress,
                              double loading_seconds, const Host& host);

/// Everything that decides a byte of the output, by content.
ExtractIdentity extract_identity(const ExtractParts& parts);

}  // namespace relatum::jobs
