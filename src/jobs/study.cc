// Cells in order, each followed by the results file.
#include "jobs/study.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/counted.h"
#include "base/durable.h"
#include "base/error.h"
#include "base/error_sentence.h"
#include "base/folder_lock.h"
#include "base/stopwatch.h"
#include "io/json.h"
#include "jobs/output_path.h"
#include "jobs/study_cell.h"
#include "jobs/study_progress.h"
#include "jobs/study_results.h"
#include "jobs/study_summary.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;

// What a cell took, without what it shared with others.
double seconds_of(const json& record) {
  double seconds = 0;
  if (const json* parts = io::find(record, "seconds")) {
    for (const auto& [stage, value] : parts->items()) {
      if (value.is_number()) seconds += value.get<double>();
    }
  }
  return seconds;
}

std::vector<const StudyCell*> cells_to_run(const Study& study, const StudyPart& part,
                                           const StudyResults& results) {
  std::vector<const StudyCell*> cells;
  for (const StudyCell& cell : study.cells) {
    if (!part.arm.empty() && cell.arm != part.arm) continue;
    if (!results.find(cell)) cells.push_back(&cell);
  }
  return cells;
}

std::string name_of(const StudyCell& cell) {
  return cell.arm + (cell.seed ? fmt::format(", seed {}", *cell.seed) : "");
}

// `number`: how many of the study's `count` cells have results now.
void tell_cell(const StudyCell& cell, const json& record, int64_t number, size_t count,
               const Context& context) {
  const json& figures = record.at("figures");
  context.info(fmt::format(
      "{}{}: {} {:.1f}, accuracy {:.1f} ({} of {})", cell.arm,
      cell.seed ? fmt::format(", seed {}", *cell.seed) : "",
      figures.at("official_title").get<std::string>(), 100 * figures.at("f1").get<double>(),
      100 * figures.at("accuracy").get<double>(), number, counted(int64_t(count), "cell")));
}

void summarise(const Study& study, StudyResults& results, const Host& host) {
  try {
    results.set_summaries(study_summaries(study, results.all(), host));
  } catch (const json::exception& error) {  // somebody edited the file
    fail("jobs.study", fmt::format("{} is no results file of a study: {}. Take the cell in "
                                   "question out of it, or name another file as 'results'.",
                                   study.results.string(), error.what()));
  }
}

}  // namespace

StudyOutcome run_study(const Study& study, const StudyPart& part, const Host& host) {
  check_output_file(study.results);
  create_folders(study.work);
  const FolderLock lock(study.work);  // two processes would take each other's cells out of the file
  StudyResults results(study.results, study.name);
  if (const int64_t taken = results.take_others(study); taken > 0) {
    host.context.info(fmt::format("{} taken from other studies' results.", counted(taken, "cell")));
  }
  const std::vector<const StudyCell*> cells = cells_to_run(study, part, results);
  StudyOutcome outcome;
  for (const StudyCell& cell : study.cells) outcome.done += results.find(cell) != nullptr;
  StudyClock clock(cells, size_t(outcome.done));
  for (const StudyCell& cell : study.cells) {
    if (const json* record = results.find(cell)) clock.took(cell, seconds_of(*record));
  }
  const Stopwatch watch;
  const auto now = [&watch] { return watch.seconds(); };
  Host inner = host;
  inner.context = study_context(host.context, clock, study.name, now);
  StudyPerplexity text(study.text);
  outcome.finished = true;
  if (part.most_cells > 0) clock.stop_after(size_t(part.most_cells));
  for (const StudyCell* cell : cells) {
    if (part.most_cells > 0 && outcome.run == part.most_cells) break;
    clock.begin(now());
    const double begun = now();
    const auto begins = [&](const std::string&) { clock.stage(now()); };
    std::optional<json> record;
    try {
      record = run_study_cell(*cell, begins, text, inner);
    } catch (const Error& error) {  // as of a rate that is too high: other cells may do
      outcome.failed.push_back(fmt::format("{}: {}", name_of(*cell), sentence_of(error)));
      host.context.warn(outcome.failed.back());
      clock.passed_over();
      continue;
    }
    if (!record || host.context.stopping()) outcome.finished = false;
    if (!record) break;
    results.add(*cell, *record);
    results.set_plan(study);
    results.save();
    ++outcome.run;
    ++outcome.done;
    clock.took(*cell, now() - begun);
    tell_cell(*cell, *record, outcome.done, study.cells.size(), host.context);
    if (!outcome.finished) break;
  }
  host.context.end_progress();
  results.set_plan(study);
  if (outcome.finished && outcome.done > 0) {
    summarise(study, results, host);
    results.save();
  }
  return outcome;
}

void sum_up_study(const Study& study, const Host& host) {
  create_folders(study.work);
  const FolderLock lock(study.work);
  StudyResults results(study.results, study.name);
  results.set_plan(study);
  summarise(study, results, host);
  results.save();
}

}  // namespace relatum::jobs
