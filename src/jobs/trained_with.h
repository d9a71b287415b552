// What an adapter was trained with, held against what it is used with.
#pragma once

#include <optional>
#include <string>

#include "engine/session.h"
#include "jobs/extract_options.h"
#include "jobs/run_record.h"

namespace relatum::jobs {

/// The record in the adapter's folder; nothing where it has none. Throws Error where the folder is
/// not there, the run is not finished, or (unless forced) its files are not what it wrote.
std::optional<RunInfo> read_trained(const ExtractOptions& options, const Host& host);

/// Holds base, tokenizer and chat template against the record by tell_mismatch().
void check_base(const ExtractOptions& options, const RunInfo& run, const engine::Session& session,
                bool chat, const Host& host);

/// Error, or where it is forced a warning: the adapter was trained with `trained`, not `asked`.
void tell_mismatch(const ExtractOptions& options, const Host& host, const std::string& what,
                   const std::string& trained, const std::string& asked);

}  // namespace relatum::jobs
