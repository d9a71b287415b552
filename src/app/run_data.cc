// Settings of a stage as options of the loader.
#include "app/run_data.h"

#include <fmt/format.h>

#include "base/error.h"
#include "task/spec.h"

namespace relatum::app {

bool reads_input(const RunStage& stage, const char* flag) {
  const std::string spec = stage.value(flag);
  return !spec.empty() && task::parse_spec(spec).path == "-";
}

task::Dataset load_stage_data(const RunStage& stage, const char* flag, bool main) {
  task::LoadOptions options;
  options.relabel = stage.value("relabel");
  options.skip_bad_rows = stage.has("skip-bad-rows");
  options.keep_unknown_labels = stage.name == "extract" || stage.name == "evaluate";
  if (main && stage.has("limit")) options.limit = std::stoll(stage.value("limit"));
  if (stage.has("labels")) options.labels = task::load_labels(stage.value("labels"));
  if (reads_input(stage, flag)) return {};
  return task::load_dataset(stage.value(flag), options);
}

void require_stage_labels(const task::Dataset& data, const char* what) {
  for (const task::Example& example : data.examples) {
    if (example.label) continue;
    fail("app.run", fmt::format("{}: example '{}' has no label. {} needs one in each row.",
                                task::full_place(data.file, place_of(example)), example.id, what));
  }
}

}  // namespace relatum::app
