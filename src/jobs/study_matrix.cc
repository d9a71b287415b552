// Values of axes as the plan names them.
#include "jobs/study_matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "io/json.h"
#include "jobs/markdown_text.h"
#include "jobs/study_text.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;

constexpr size_t kFewest = 3;

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

const json* official_figure(const json& arm) {
  const json* figures = io::find(arm, "figures");
  const json* official = io::find(arm, "official");
  return figures && official ? io::find(*figures, official->get<std::string>()) : nullptr;
}

// The two values that the grid alone made an arm of; nullptr where there are more or fewer.
const json* two_axes(const json& all, const std::string& arm) {
  const json* plan = io::find(all, "plan");
  if (!plan) return nullptr;
  for (const json& planned : *plan) {
    if (planned.at("arm") != arm) continue;
    const json* axes = io::find(planned, "axes");
    return axes && axes->is_array() && axes->size() == 2 ? axes : nullptr;
  }
  return nullptr;
}

}  // namespace

std::string study_matrix_text(const json& all, std::span<const json* const> arms) {
  std::vector<std::string> down, across;
  std::map<std::pair<std::string, std::string>, std::string> means;
  std::string title;
  for (const json* arm : arms) {
    const json* axes = two_axes(all, arm->at("arm").get<std::string>());
    if (!axes) continue;
    const json* figure = official_figure(*arm);
    if (!figure) return "";
    title = figure->at("title").get<std::string>();
    const std::string first = axes->at(0).get<std::string>();
    const std::string second = axes->at(1).get<std::string>();
    add_once(down, first);
    add_once(across, second);
    means[{first, second}] = fmt::format("{:.1f}", 100 * figure->at("mean").get<double>());
  }
  const bool whole = means.size() == down.size() * across.size();
  if (!whole || down.size() < kFewest || across.size() < kFewest) return "";
  std::string head = "| |", rule = "| --- |", lines;
  for (const std::string& name : across) {
    head += " " + markdown_text(name) + " |";
    rule += " ---: |";
  }
  for (const std::string& name : down) {
    lines += "| " + markdown_text(name) + " |";
    for (const std::string& other : across) lines += " " + means.at({name, other}) + " |";
    lines += "\n";
  }
  return fmt::format("## Side by side\n\n{}\n{}\n{}\n{}", head, rule, lines,
                     wrapped(fmt::format("{}, means over cells; intervals stand in the list above.",
                                         markdown_text(title))));
}

}  // namespace relatum::jobs
