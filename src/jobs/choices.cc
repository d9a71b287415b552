// Names become paths, paths become sessions and examples.
#include "jobs/choices.h"

#include <fmt/format.h>

#include "base/counted.h"
#include "base/error.h"
#include "jobs/models_folder.h"
#include "task/labels.h"

namespace relatum::jobs {

std::filesystem::path ModelChoice::path(const Host& host) const {
  return find_model(model, models, host);
}

std::unique_ptr<engine::Session> open_language_model(const std::filesystem::path& path,
                                                     const engine::SessionOptions& options) {
  auto session = std::make_unique<engine::Session>(path, options);
  if (session->model().head()) return session;
  fail("jobs.model",
       fmt::format("{} is an encoder and writes no text. Use a language model.", path.string()));
}

task::LoadOptions DataChoice::options(bool main, const Host& host) const {
  task::LoadOptions options;
  options.relabel = relabel;
  options.skip_bad_rows = skip_bad_rows;
  options.keep_unknown_labels = keep_unknown_labels;
  if (main) options.limit = limit;
  if (!labels.empty()) options.labels = task::load_labels(labels);
  options.input = host.input;
  return options;
}

task::Dataset DataChoice::load(const std::string& spec, bool main, const Host& host) const {
  task::Dataset data = task::load_dataset(spec, options(main, host));
  tell_data(data, !relabel.empty(), host.context);
  return data;
}

void tell_data(const task::Dataset& data, bool relabelled, const Context& context) {
  for (const task::BadRow& row : data.bad_rows) {
    context.warn(fmt::format("{}: {}", task::full_place(data.file, task::place_of(row)),
                             task::full_sentence(row.sentence)));
  }
  if (!data.bad_rows.empty()) {
    context.warn(fmt::format("{}: malformed rows skipped: {}.", data.file, data.bad_rows.size()));
  }
  for (const std::string& line : data.warnings) {
    context.warn(fmt::format("{}: {}", data.file, line));
  }
  if (data.left_out) {
    context.info(
        fmt::format("{}: without= leaves out {}.", data.file, counted(data.left_out, "row")));
  }
  if (!relabelled) return;
  context.info(
      fmt::format("{}: --relabel changed {}.", data.file, counted(data.relabelled, "label")));
  if (!data.dropped) return;
  context.info(fmt::format("{}: {} dropped: not in the patch.", data.file,
                           counted(data.dropped, "example")));
}

}  // namespace relatum::jobs
