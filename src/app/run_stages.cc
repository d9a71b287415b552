// Settings as text, files as SHA-256.
#include "app/run_stages.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/hash.h"
#include "io/json.h"
#include "jobs/extract_output.h"
#include "jobs/finetune_balance.h"
#include "jobs/models_folder.h"
#include "jobs/process_facts.h"
#include "task/spec.h"
#include "train/full_folder.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Of a folder: the files that a model, an adapter or an index consists of, not their READMEs.
std::string content_hash(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored)) return sha256_file(path);
  if (!fs::is_directory(path, ignored)) return "";
  static const std::set<std::string> kKept = {".json", ".jsonl", ".txt",         ".model",
                                              ".ann",  ".tsv",   ".safetensors", ".jinja",
                                              ".gguf", ".faiss"};
  std::set<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path)) {
    const bool kept = kKept.contains(entry.path().extension().string());
    if (kept && entry.is_regular_file()) files.insert(entry.path());
  }
  std::string all;
  for (const fs::path& file : files) {
    if (file.filename() == "log.jsonl") continue;
    all += file.filename().string() + '\0' + sha256_file(file) + '\n';
  }
  return sha256(std::as_bytes(std::span(all.data(), all.size())));
}

// A stage's results and what it read from earlier stages are told by the results' own hashes.
json describe(const RunStage& stage, const Environment& environment) {
  static const std::set<std::string> kLeftOut = {"out",    "report",  "predictions", "adapter",
                                                 "index",  "threads", "quiet",       "models",
                                                 "resume", "force",   "overwrite"};
  static const std::set<std::string> kSpecs = {"data", "train", "dev"};
  json settings = json::object(), inputs = json::object();
  // What evaluate shows beside its figures, which do not depend on it.
  static const std::set<std::string> kShown = {"adapter", "index", "embedder"};
  for (const auto& [flag, value] : stage.values) {
    if (stage.name == "evaluate" && kShown.contains(flag)) continue;
    fs::path path;
    std::string rest;
    if (kSpecs.contains(flag)) {
      const task::Spec spec = task::parse_spec(value);
      path = spec.path;
      const size_t start = spec.format.empty() ? 0 : spec.format.size() + 1;
      rest = value.substr(0, start) + value.substr(start + spec.path.size());
    } else if (flag == "relabel") {
      path = value.substr(value.find(':') + 1);
      rest = value.substr(0, value.find(':'));
    } else if (flag == "model" || flag == "embedder") {
      path = jobs::find_model(value, stage.value("models"), environment.host());
    } else if (flag == "labels" || (flag == "prompt" && fs::is_regular_file(value)) ||
               flag == "index" || flag == "adapter" || flag == "init-adapter" ||
               flag == "calibration" || flag == "types" ||
               (flag == "label-weights" && jobs::names_weights_file(value))) {
      path = value;
    } else if (!kLeftOut.contains(flag)) {
      settings[flag] = value;
      continue;
    }
    if (kLeftOut.contains(flag) && flag != "index" && flag != "adapter") continue;
    inputs[flag] = {{"parts", rest}, {"sha256", content_hash(path)}};
  }
  return {{"settings", settings}, {"inputs", inputs}};
}

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
  const json described = describe(stage, environment);
  const bool same = record->value("described", json()) == described;
  const std::string hash = io::get_string(*record, "sha256", "", file_.string());
  if (same && !hash.empty() && hash == result_hash(stage)) return StageState::kFinished;
  return same && left_state(stage) ? StageState::kStopped : StageState::kChanged;
}

void RunStages::begin(const RunStage& stage, const Environment& environment) {
  (*stages_)[stage.name] = {{"described", describe(stage, environment)},
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
