// Compares paths pair by pair; the commands' own checks do the rest.
#include "app/run_outputs.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/error.h"
#include "jobs/finetune_folder.h"
#include "jobs/models_folder.h"
#include "jobs/output_path.h"
#include "retrieve/store.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;

struct Result {
  std::string owner;  // as a sentence has it
  std::string path;
};

// Also of what is not there yet; a folder is the same with and without a slash at its end.
fs::path plain(const std::string& path) {
  std::error_code error;
  fs::path result = fs::weakly_canonical(path, error);
  if (error) result = fs::absolute(path).lexically_normal();
  return result.has_filename() ? result : result.parent_path();
}

bool holds(const fs::path& outer, const fs::path& inner) {
  const fs::path rest = inner.lexically_relative(outer);
  return !rest.empty() && *rest.begin() != "..";
}

std::vector<Result> results_of(const RunConfig& config, const std::vector<RunStage>& stages) {
  const fs::path out = config.resolve(config.require("out", "run"));
  std::vector<Result> results;
  for (const char* name : {"config.toml", "stages.json"}) {
    results.push_back({"the run itself", (out / name).string()});
  }
  for (const RunStage& stage : stages) {
    const std::string path = stage.result();
    if (path.empty() || path == "-") continue;
    results.push_back({fmt::format("[{}]", stage.name), path});
    if (stage.name != "extract") continue;
    results.push_back({"[extract], as its record", path + ".run.json"});
  }
  return results;
}

void check_pairs(const std::vector<Result>& results) {
  for (size_t i = 0; i < results.size(); ++i) {
    for (size_t j = i + 1; j < results.size(); ++j) {
      const Result &one = results[i], &other = results[j];
      const fs::path a = plain(one.path), b = plain(other.path);
      if (a == b) {
        fail("app.run", fmt::format("{} would be written by {} and by {}. Give each a file or "
                                    "folder of its own.",
                                    one.path, one.owner, other.owner));
      }
      if (!holds(a, b) && !holds(b, a)) continue;
      const bool first_inside = holds(b, a);
      const Result &inner = first_inside ? one : other, &outer = first_inside ? other : one;
      fail("app.run", fmt::format("{}, written by {}, would lie inside {}, written by {}. Give "
                                  "each a file or folder of its own.",
                                  inner.path, inner.owner, outer.path, outer.owner));
    }
  }
}

// What any stage reads and no stage makes.
jobs::CommandInputs inputs_of(const RunConfig& config, const std::vector<RunStage>& stages,
                              const Environment& environment) {
  jobs::CommandInputs inputs;
  inputs.files.push_back(config.path());
  for (const RunStage& stage : stages) {
    for (const char* flag : {"data", "train", "dev"}) inputs.add_data(stage.value(flag));
    jobs::DataChoice options;
    options.labels = stage.value("labels");
    options.relabel = stage.value("relabel");
    inputs.add_options(options);
    std::error_code ignored;
    const std::string style = stage.value("prompt");
    if (fs::is_regular_file(style, ignored)) inputs.files.emplace_back(style);
    for (const char* flag : {"model", "embedder"}) {
      if (!stage.has(flag)) continue;
      const fs::path model = jobs::find_model(stage.value(flag), stage.value("models"),
                                              environment.host());
      inputs.files.push_back(model);
      inputs.folders.push_back(model);
    }
    for (const auto& [flag, maker] : {std::pair("index", "index"), std::pair("adapter", "finetune"),
                                      std::pair("predictions", "extract")}) {
      const RunStage* made = find_stage(stages, maker);
      if (!stage.has(flag) || (made && made->result() == stage.value(flag))) continue;
      inputs.files.emplace_back(stage.value(flag));
      inputs.folders.emplace_back(stage.value(flag));
    }
  }
  return inputs;
}

// As the stage will, but for what an earlier call of the run may have left, which its record knows.
void check_stage(const RunStage& stage, const jobs::CommandInputs& inputs,
                 const Environment& environment) {
  const std::string out = stage.result();
  if (out.empty() || out == "-") return;
  if (stage.name == "index") {
    jobs::check_output_folder(out);
    retrieve::check_store_target(out);
    for (const char* name : retrieve::store_files()) {
      jobs::check_new_file(fs::path(out) / name, inputs, true);
    }
  } else if (stage.name == "finetune") {
    jobs::FinetuneOptions options;
    options.out = out;
    options.train = stage.value("train");
    options.dev = stage.value("dev");
    options.prompt = stage.value("prompt");
    options.index = stage.value("index");
    options.data.labels = stage.value("labels");
    options.data.relabel = stage.value("relabel");
    options.model.model = stage.value("model");
    options.model.models = stage.value("models");
    options.overwrite = true;
    jobs::check_finetune_folder(options, environment.host());
  } else {
    jobs::check_new_file(out, inputs, true);
    if (stage.name == "extract") jobs::check_new_file(out + ".run.json", inputs, true);
  }
}

}  // namespace

void check_run_outputs(const RunConfig& config, const std::vector<RunStage>& stages,
                       const Environment& environment) {
  const std::vector<Result> results = results_of(config, stages);
  jobs::check_output_file(results[0].path);
  jobs::check_output_file(results[1].path);
  check_pairs(results);
  const jobs::CommandInputs inputs = inputs_of(config, stages, environment);
  for (const RunStage& stage : stages) check_stage(stage, inputs, environment);
}

}  // namespace relatum::app
