// The retrieval index of a corpus.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "jobs/choices.h"

namespace relatum::jobs {

struct IndexOptions {
  DataChoice data;
  std::string input;               ///< SPEC of the sentences
  std::filesystem::path embedder;  ///< where it lies, or a run, whose states are the vectors
  std::string models;              ///< where a run's named base lies; empty: the usual places
  std::string compute = "f32";     ///< f32, bf16 or auto
  /// In front of what will be looked up, and of the sentences stored here; nothing given: what the
  /// embedder's own files say. Kept in the index.
  std::optional<std::string> query_prefix, passage_prefix;
  std::string out;  ///< the index folder
  bool overwrite = false;
};

/// Embeds all sentences and writes the folder, which appears whole or not at all. False where the
/// host stopped it; nothing was written then. Throws Error.
bool build_index(const IndexOptions& options, const Host& host);

}  // namespace relatum::jobs
