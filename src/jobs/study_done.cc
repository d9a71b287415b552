// Counts cells of the plan.
#include "jobs/study_done.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/counted.h"
#include "io/json.h"
#include "jobs/markdown_text.h"
#include "jobs/study_results.h"
#include "jobs/study_text.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;

// "rank 4 (seeds 2, 3); rank 8", of the cells that have no results.
std::string open_cells(const json& all) {
  const json* plan = io::find(all, "plan");
  if (!plan) return "";
  std::set<std::string> done;
  for (const json& cell : all.at("cells")) done.insert(text_of(cell, "key"));
  std::map<std::string, std::vector<std::string>> seeds;
  for (const json& planned : *plan) {
    if (done.contains(text_of(planned, "key"))) continue;
    std::vector<std::string>& of_arm = seeds[text_of(planned, "arm")];
    const json* seed = io::find(planned, "seed");
    if (seed && seed->is_number()) of_arm.push_back(seed->dump());
  }
  std::vector<std::string> arms;
  for (const std::string& arm : planned_arms(all)) {
    const auto open = seeds.find(arm);
    if (open == seeds.end()) continue;
    arms.push_back(markdown_text(arm));
    if (open->second.empty()) continue;
    arms.back() += fmt::format(" ({} {})", open->second.size() == 1 ? "seed" : "seeds",
                               fmt::join(open->second, ", "));
  }
  return fmt::format("{}", fmt::join(arms, "; "));
}

}  // namespace

std::string study_done_text(const json& all) {
  std::set<std::string> machines, versions, dates, rows;
  size_t cells = 0;
  for (const std::string& arm : planned_arms(all)) {
    for (const json* record : arm_records(all, arm)) {
      ++cells;
      const json* threads = io::find(*record, "threads");
      machines.insert(fmt::format(
          "in {} on {}, {}", text_of(*record, "compute"), text_of(*record, "cpu"),
          threads ? counted(threads->get<int64_t>(), "thread") : "threads not recorded"));
      versions.insert(text_of(*record, "version"));
      dates.insert(text_of(*record, "date").substr(0, 10));
      const json* examples = io::find(record->at("figures"), "examples");
      rows.insert(examples ? grouped(examples->get<uint64_t>()) : "?");
    }
  }
  const size_t planned = io::find(all, "plan") ? all.at("plan").size() : cells;
  const std::string days = dates.size() > 1 ? *dates.begin() + " to " + *dates.rbegin()
                                            : *dates.begin();
  const bool single = rows.size() == 1 && *rows.begin() == "1";
  const std::string open = open_cells(all);
  return wrapped(fmt::format("- {} of {} {} results, each measured on {} {}.", cells,
                             counted(int64_t(planned), "cell"), planned == 1 ? "has" : "have",
                             fmt::join(rows, " or "), single ? "row" : "rows")) +
         (open.empty() ? "" : wrapped(fmt::format("- Without results: {}.", open))) +
         wrapped(fmt::format("- Computed {}; Relatum {}; {}.", fmt::join(machines, " and "),
                             fmt::join(versions, ", "), days));
}

}  // namespace relatum::jobs
