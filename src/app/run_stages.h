// OUT/stages.json: which stages of a run are finished, told by the content of what they read.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/environment.h"
#include "app/run_plan.h"

namespace relatum::app {

/// What to do with a stage.
enum class StageState {
  kNew,       ///< nothing is there
  kFinished,  ///< finished with these settings and inputs, and its results are unchanged
  kStopped,   ///< fine-tuning that left a state to go on from
  kChanged,   ///< to be done again, over what it left before
};

class RunStages {
 public:
  /// Reads the record of the folder, where there is one. Throws Error where it is damaged
  /// or holds what no run writes.
  explicit RunStages(const std::filesystem::path& out);
  /// Whether there is something in the stage's place that no record accounts for.
  bool foreign(const RunStage& stage) const;
  /// Reads and hashes the stage's inputs.
  StageState state(const RunStage& stage, const Environment& environment) const;
  void begin(const RunStage& stage, const Environment& environment);
  void finish(const RunStage& stage);
  void save() const;

 private:
  std::filesystem::path file_;
  std::shared_ptr<nlohmann::json> stages_;
};

}  // namespace relatum::app
