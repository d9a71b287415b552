// Compares what stages read and left with what the record says.
#include "app/run_stages.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "app/stage_description.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "io/json.h"
#include "jobs/extract_output.h"
#include "jobs/process_facts.h"
#include "train/full_folder.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string result_hash(const RunStage& stage) {
  const fs::path result = stage.result();
  if (stage.name == "finetune" && !fs::exists(result / "adapter_model.safetensors") &&
      !fs::exists(train::full_folder(result))) {
    return "";
  }
  return content_hash(result);
}

bool left_state(const RunStage& stage) {
  if (stage.name == "extract") return jobs::has_extract_state(stage.result());
  return stage.name == "finetune" &&
         fs::exists(fs::path(stage.result()) / "state" / "state.safetensors");
}

bool anything_there(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return !fs::is_empty(path, ignored);
  return fs::exists(path, ignored);
}

}  // namespace

RunStages::RunStages(const fs::path& out)
    : file_(out / "stages.json"), stages_(std::make_shared<json>(json::object())) {
  if (!fs::exists(file_)) return;
  *stages_ = io::load_json(file_);
  if (!stages_->is_object()) {
    fail("app.run", fmt::format("{}: expected a JSON object. Move it away; the stages are then "
                                "done again with --overwrite.",
                                file_.string()));
  }
  static const std::set<std::string> kStages = {"index", "finetune", "extract", "evaluate"};
  for (const auto& [name, record] : stages_->items()) {
    if (kStages.contains(name) && record.is_object()) continue;
    fail("app.run", fmt::format("{} is no record of a run: '{}' is not one of its entries. Use "
                                "another 'out', or move the file away.",
                                file_.string(), name));
  }
}

bool RunStages::foreign(const RunStage& stage) const {
  return !io::find(*stages_, stage.name) && anything_there(stage.result());
}

StageState RunStages::state(const RunStage& stage, const Environment& environment) const {
  const json* record = io::find(*stages_, stage.name);
  if (!anything_there(stage.result()) && !left_state(stage)) return StageState::kNew;
  if (!record || !record->is_object()) return StageState::kChanged;
  const json described = describe_stage(stage, named_models(environment), content_hash);
  const bool same = record->value("described", json()) == described;
  const std::string hash = io::get_string(*record, "sha256", "", file_.string());
  if (same && !hash.empty() && hash == result_hash(stage)) return StageState::kFinished;
  return same && left_state(stage) ? StageState::kStopped : StageState::kChanged;
}

void RunStages::begin(const RunStage& stage, const Environment& environment) {
  (*stages_)[stage.name] = {
      {"described", describe_stage(stage, named_models(environment), content_hash)},
      {"result", stage.result()},
      {"begun", jobs::utc_now()}};
  save();
}

void RunStages::finish(const RunStage& stage) {
  (*stages_)[stage.name]["finished"] = jobs::utc_now();
  (*stages_)[stage.name]["sha256"] = result_hash(stage);
  save();
}

void RunStages::save() const { write_file(file_, io::dump_json(*stages_, 2) + "\n"); }

}  // namespace relatum::app
