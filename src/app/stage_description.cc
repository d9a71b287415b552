// Settings as text, files as SHA-256.
#include "app/stage_description.h"

#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "base/hash.h"
#include "jobs/finetune_balance.h"
#include "jobs/models_folder.h"
#include "task/spec.h"

namespace relatum::app {

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
FindModel named_models(const Environment& environment) {
  return [&environment](const std::string& name, const std::string& models) {
    return jobs::find_model(name, models, environment.host());
  };
}

json describe_stage(const RunStage& stage, const FindModel& find,
                    const std::function<std::string(const fs::path&)>& hash) {
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
      path = find(value, stage.value("models"));
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
    inputs[flag] = {{"parts", rest}, {"sha256", hash(path)}};
  }
  return {{"settings", settings}, {"inputs", inputs}};
}

}  // namespace relatum::app
