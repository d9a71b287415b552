// relatum study: many settings from one file, measured on the same rows.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "app/command.h"
#include "app/environment.h"
#include "app/output.h"
#include "app/study_arm_names.h"
#include "app/study_config.h"
#include "app/study_plan.h"
#include "base/counted.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "jobs/study_page.h"
#include "jobs/study_results.h"

namespace relatum::app {
namespace {

constexpr const char* kHelp =
    "A file such as:\n\n"
    "  model = \"smollm2-135m-instruct\"\n"
    "  train = \"semeval2010:TRAIN_FILE.TXT\"\n"
    "  [study]\n"
    "  name = \"rank\"\n"
    "  question = \"Which rank is enough?\"\n"
    "  holdout = 800          # rows of train that every cell answers; or test = \"…\" above\n"
    "  seeds = [1, 2, 3]\n"
    "  baseline = \"rank 16\"\n"
    "  [finetune]             # tables and keys as in `relatum run`\n"
    "  epochs = 2\n"
    "  [grid]\n"
    "  finetune.rank = [4, 16, 64]\n\n"
    "runs every combination with every seed and keeps figures, times and each row's answer in\n"
    "results (default: NAME.json beside the file). [[arm]] tables with a name, in the place of\n"
    "[grid] or beside it, change what stands above: keys, tables such as [arm.finetune], or\n"
    "finetune = false for the base model. A train of parts alone, \"?sample=200\", is cut from\n"
    "the rows that holdout leaves. Run it again after an interruption or a change: cells whose\n"
    "settings and inputs (by content) the results have are skipped.";

struct Options {
  std::string config, arm;
  int64_t most_cells = 0;
  bool list = false, page = false;
};

void list_cells(const jobs::Study& study) {
  jobs::StudyResults results(study.results, study.name);
  results.take_others(study);
  std::string text;
  for (const jobs::StudyCell& cell : study.cells) {
    text += fmt::format("{}\t{}\t{}\t{}\n", results.find(cell) ? "done" : "open",
                        printable(cell.arm), cell.seed ? std::to_string(*cell.seed) : "-",
                        cell.key.substr(0, 12));
  }
  write_out(text);
}

// The name of the arm that is asked for; empty where none is.
std::string chosen_arm(const Options& o, const StudyConfig& config, bool planned) {
  if (o.arm.empty()) return "";
  if (const StudyArm* arm = find_arm(config, o.arm, planned)) return arm->name;
  fail("app.study",
       fmt::format("--arm: {} has no arm '{}'.{}", o.config, o.arm, arm_hint(config, o.arm)));
}

// What the file says and the results do not, as of a title that was changed since.
void warn_of_changes(const StudyConfig& config, const nlohmann::json& results,
                     const Context& context) {
  const nlohmann::json* study = io::find(results, "study");
  if (!study) return;
  const std::map<std::string, std::string> planned = jobs::planned_copies(results);
  std::set<std::string> names, planned_names;
  for (const StudyArm& arm : config.arms) names.insert(arm.name);
  for (const auto& [name, arm] : planned) planned_names.insert(name);
  // A copy that the baseline names is an arm of another name once equal copies are one.
  const auto copy = planned.find(config.baseline);
  const std::map<std::string, std::string> texts = {
      {"title", config.title},
      {"question", config.question},
      {"baseline", copy == planned.end() ? config.baseline : copy->second}};
  std::vector<std::string> changed;
  for (const auto& [key, text] : texts) {
    if (jobs::text_of(*study, key.c_str()) != text) changed.push_back(key);
  }
  if (names != planned_names) changed.push_back("arms");
  const auto trains = [](const StudyArm& arm) { return arm.tables.contains("finetune"); };
  const std::set<uint64_t> seeds(config.seeds.begin(), config.seeds.end());
  const std::set<uint64_t> run = jobs::planned_seeds(results);
  if (std::ranges::any_of(config.arms, trains) && seeds != run) changed.push_back("seeds");
  if (changed.empty()) return;
  context.warn(
      fmt::format("{}: the page shows {} as {} has them, and this file has others. Run the study "
                  "to take them over; cells that have results are not run again.",
                  config.path.string(), fmt::join(changed, ", "),
                  study_path(config, config.results).filename().string()));
}

// A study that was stopped has cells that no figures were computed from.
void write_page(StudyConfig& config, Environment& environment) {
  const std::filesystem::path results = study_path(config, config.results);
  const jobs::StudyResults read(results, config.name);
  if (!read.empty() && !jobs::is_summed_up(read.all())) {
    jobs::sum_up_study(plan_study(config, environment), environment.host());
  } else if (!read.empty()) {
    warn_of_changes(config, read.all(), environment.context());
  }
  write_out(jobs::write_study_page(results).string() + "\n");
}

void tell_outcome(const Options& o, const jobs::Study& study, const jobs::StudyOutcome& outcome,
                  const Context& context) {
  const auto cells = int64_t(study.cells.size());
  const std::string counts = fmt::format("{}{} of {} {} results",
                                         outcome.finished ? "" : "stopped: ", outcome.done,
                                         counted(cells, "cell"), cells == 1 ? "has" : "have");
  const std::string place = outcome.done > 0 ? " in " + study.results.string() : "";
  std::string next = " The same command goes on.";
  if (outcome.finished) {
    next = outcome.done == 0
               ? ""
               : fmt::format(" `relatum study {} --page` writes their page.", o.config);
  }
  context.info(counts + place + "." + next);
}

int run(const Options& o, Environment& environment) {
  StudyConfig config = read_study(o.config);
  if (o.page) {
    write_page(config, environment);
    return kDone;
  }
  chosen_arm(o, config, false);  // as planning takes its time
  const jobs::Study study = plan_study(config, environment);
  const std::string arm = chosen_arm(o, config, true);
  if (o.list) {
    list_cells(study);
    return kDone;
  }
  check_study(config, study, environment);
  const jobs::StudyOutcome outcome = jobs::run_study(study, {arm, o.most_cells},
                                                     environment.host());
  tell_outcome(o, study, outcome, environment.context());
  if (!outcome.finished) return kInterrupted;
  if (outcome.failed.empty()) return kDone;
  fail("app.study", outcome.failed.size() == 1
                        ? outcome.failed[0]
                        : fmt::format("{} cells could not be run and are tried again by the same "
                                      "command; the first is {}",
                                      outcome.failed.size(), outcome.failed[0]));
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("config", o->config, "TOML file")->required();
  auto* arm = app.add_option("--arm", o->arm, "Run the cells of this arm alone");
  auto* most = app.add_option("--limit-cells", o->most_cells,
                              "Run at most N cells now; 0: all that have no results")
                   ->check(CLI::NonNegativeNumber);
  auto* list = app.add_flag("--list", o->list,
                            "Print the cells instead, and whether each has results: state, arm, "
                            "seed and key, separated by tabs");
  app.add_flag("--page", o->page,
               "Write the page and the chart of the results instead, beside them (.md and .svg)")
      ->excludes(list)
      ->excludes(arm)
      ->excludes(most);
  list->excludes(arm)->excludes(most);
  app.footer(kHelp);
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_study() {
  static const Command command{"study", "Compare many settings, with seeds, on the same rows",
                               define};
  return command;
}

}  // namespace relatum::app
