// What a run was started with, as options of a command line, from its record.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "jobs/finetune_options.h"

namespace relatum::jobs {

struct StartedWith {
  std::filesystem::path record;  ///< the file that says so
  Words given;                   ///< as they were given; empty in records that kept none
  Words words;                   ///< these, and what the record says of the other options
  std::string directory;         ///< the working directory then; empty where it was not recorded
  /// Where else what a flag names may lie, by flag: places that the record and the run have.
  std::map<std::string, std::vector<std::string>> elsewhere;
  int64_t micro_tokens = 0;  ///< what was settled then; 0: not recorded
  bool force = false;        ///< with --init-adapter: though it was trained on another base
};

/// Reads RUN/run.json, or RUN/folds.json. Records of versions that did not keep the options as they
/// were given have most of them by other keys, and all that were typed in the command line; what
/// neither has is left out. Throws Error that names file and key.
StartedWith started_with(const std::filesystem::path& run);

/// Whether the folder holds a run that began and was killed before it saved a state: to go on with
/// it is to begin it again.
bool begun_without_state(const std::filesystem::path& run);

/// Throws Error where options ask to go on and to start over, or to go on with what is not there.
void check_resume(const FinetuneOptions& options);

}  // namespace relatum::jobs
