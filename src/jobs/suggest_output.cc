// Each form by its writer in task.
#include "jobs/suggest_output.h"

#include <fmt/format.h>

#include <functional>
#include <set>

#include "base/atomic_file.h"
#include "base/durable.h"
#include "base/error.h"
#include "base/whole_folder.h"
#include "task/convert.h"
#include "task/write_labelstudio.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

/// What is written, unit by unit.
using EachSuggestion = std::function<void(const std::function<void(const task::Suggestion&)>&)>;

void tell(const task::DocumentWriter& writer, const Host& host) {
  for (const std::string& remark : writer.remarks()) host.context.warn(remark);
}

void write_studio(const SuggestOptions& options, const EachSuggestion& each,
                  const SuggestedWith& with, const Host& host) {
  std::optional<AtomicFile> file;
  if (options.out != "-") file.emplace(options.out);
  task::LabelStudioWriter writer([&](std::string_view text) {
    if (file) file->write(text);
    else host.output(text);
  });
  each([&](const task::Suggestion& suggestion) {
    // Label Studio asks first for what has the lowest score.
    writer.add_predicted(suggestion.document, {with.model, 1 - suggestion.value});
  });
  writer.finish();
  tell(writer, host);
  if (!file) return;
  const fs::path place = task::studio_configuration(options.out);
  AtomicFile configuration(place);
  configuration.write(writer.configuration(with.types, with.labels.names()));
  configuration.commit();
  file->commit();
  host.context.info(fmt::format("{} is the labelling configuration for a project of these tasks.",
                                place.string()));
}

void write_brat(const SuggestOptions& options, const EachSuggestion& each,
                const SuggestedWith& with, const Host& host) {
  WholeFolder folder(options.out);
  const auto writer = task::brat_writer(folder.path());
  std::set<std::string> types(with.types.begin(), with.types.end());
  each([&](const task::Suggestion& suggestion) {
    for (const task::Entity& entity : suggestion.document.entities) {
      types.insert(entity.span.type);
    }
    writer->add(suggestion.document);
  });
  writer->finish();
  tell(*writer, host);
  std::vector<std::string> names(types.begin(), types.end());
  write_file(folder.path() / task::kBratConfiguration,
             task::brat_configuration(names, with.labels.names()));
  folder.commit();
  names.insert(names.end(), with.labels.names().begin(), with.labels.names().end());
  const std::string remark = task::brat_remark(names);
  if (!remark.empty()) host.context.warn(remark);
}

void write_lines(const SuggestOptions& options, const EachSuggestion& each,
                 const SuggestedWith& with, const Host& host) {
  std::optional<AtomicFile> file;
  if (options.out != "-") file.emplace(options.out);
  each([&](const task::Suggestion& suggestion) {
    const std::string line = task::suggestion_line(suggestion, with.labels, with.by);
    if (file) file->write(line);
    else host.output(line);
  });
  if (file) file->commit();
}

}  // namespace

std::string suggest_format(const SuggestOptions& options) {
  if (!options.format.empty()) return options.format;
  const fs::path ending = fs::path(options.out).extension();
  if (options.out == "-" || ending == ".jsonl") return "jsonl";
  if (ending == ".json") return "labelstudio";
  if (ending.empty()) return "brat";
  fail("jobs.suggest", fmt::format("{}: its ending says nothing of the form. Let it end with .json "
                                   "(Label Studio), .jsonl, or nothing (a folder for brat), or "
                                   "name one with --format.",
                                   options.out));
}

void check_suggest_output(const SuggestOptions& options, const CommandInputs& inputs,
                          const Host& host) {
  const std::string format = suggest_format(options);
  if (options.out == "-") {
    if (format == "brat") {
      fail("jobs.suggest", "brat's files are written to a folder. Name one with --out.");
    }
    if (!host.output) {
      fail("jobs.suggest", "standard output is not available here. Name a file instead of '-'.");
    }
    return;
  }
  if (format == "brat") {
    return check_replaced_folder(options.out, inputs, task::kBratConfiguration, options.overwrite);
  }
  check_new_file(options.out, inputs, options.overwrite);
  if (format != "labelstudio") return;
  check_new_file(task::studio_configuration(options.out), inputs, options.overwrite);
}

fs::path scratch_folder(const SuggestOptions& options) {
  std::error_code ignored;
  if (options.out == "-") {
    fs::path folder = fs::temp_directory_path(ignored);
    if (!folder.empty()) return folder;
    fail("jobs.suggest",
         "there is no folder for temporary files: TMPDIR names none. Let it name one.");
  }
  fs::path folder = folder_of(fs::absolute(behind_links(options.out)));
  while (!fs::is_directory(folder, ignored) && folder.has_relative_path()) {
    folder = folder.parent_path();
  }
  return folder;
}

void write_suggestions(const SuggestOptions& options, const SuggestUnits& units,
                       std::span<const size_t> chosen, const SuggestedWith& with,
                       const Host& host) {
  const EachSuggestion each = [&](const std::function<void(const task::Suggestion&)>& take) {
    for (const size_t unit : chosen) {
      task::Suggestion suggestion = units.suggestion(unit);
      suggestion.value = task::most_uncertain(suggestion.pairs, with.by);
      task::fill_in(suggestion, with.labels, with.negative);
      take(suggestion);
    }
  };
  const std::string format = suggest_format(options);
  if (format == "labelstudio") return write_studio(options, each, with, host);
  if (format == "brat") return write_brat(options, each, with, host);
  write_lines(options, each, with, host);
}

}  // namespace relatum::jobs
