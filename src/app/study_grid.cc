// Overrides one by one, axis by axis.
#include "app/study_grid.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/known_names.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;

bool is_stage(const std::string& name) {
  return std::ranges::find(run_stages(), name) != run_stages().end();
}

// What the study sets itself, and what has to be the same for all arms.
void refuse_own(const std::string& place, const std::string& stage, const std::string& key) {
  static const std::set<std::string> kOwn = {"out",         "overwrite", "resume", "report",
                                             "predictions", "folds",     "seed",   "json"};
  static const std::set<std::string> kOfAll = {"isa", "threads", "quiet"};
  const bool stage_key = !stage.empty();
  if (stage_key && kOfAll.contains(key)) {
    fail("app.study", fmt::format("{}: '{}' is the same for a whole study. Write it above the "
                                  "first table.",
                                  place, key));
  }
  if ((stage_key && kOwn.contains(key)) || (!stage_key && key == "out")) {
    fail("app.study", fmt::format("{}: '{}' is chosen by the study itself ('work', 'results' and "
                                  "'seeds' of [study] decide). Leave it out.",
                                  place, key));
  }
}

void apply_table(const fs::path& path, const TomlItem& item, StudyArm& arm) {
  RunTable& table = arm.tables[item.key];
  for (const auto& [key, value] : stage_table(path, item)) {
    refuse_own(fmt::format("{}:{}", path.string(), value.line), item.key, key);
    table[key] = value;
  }
}

// 0.00005 in place of 5e-05, as people write it.
std::string plain_number(const std::string& text) {
  constexpr double kLeast = 1e-9, kMost = 1e9;
  double value = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  const bool whole = read.ec == std::errc() && read.ptr == end;
  if (!whole || text.find('e') == text.npos || !(std::abs(value) > kLeast) || value > kMost) {
    return text;
  }
  std::array<char, 64> plain{};
  const auto made = std::to_chars(plain.begin(), plain.end(), value, std::chars_format::fixed);
  return made.ec == std::errc() ? std::string(plain.begin(), made.ptr) : text;
}

// "rank 4", "dora", "no dora", and of a path its last part.
std::string value_name(const GridAxis& axis, const TomlItem& value) {
  std::string key = axis.key.empty() ? axis.stage : axis.key;
  std::ranges::replace(key, '-', ' ');
  if (value.value.flag) return *value.value.flag ? key : "no " + key;
  std::string text = value.value.text;
  if (value.value.is_string) text.erase(0, text.find_last_of('/') + 1);
  else text = plain_number(text);
  if (text.starts_with('?')) text.erase(0, 1);  // parts of the study's rows
  return key + " " + text;
}

// "finetune.rank", "train", "index".
std::string setting_name(const GridAxis& axis) {
  return axis.stage + (axis.stage.empty() || axis.key.empty() ? "" : ".") + axis.key;
}

std::optional<TomlValue> setting_of(const GridAxis& axis, const StudyArm& arm) {
  const auto stage = arm.tables.find(axis.stage);
  if (axis.key.empty() || (!axis.stage.empty() && stage == arm.tables.end())) return std::nullopt;
  const RunTable& table = axis.stage.empty() ? arm.top : stage->second;
  const auto known = table.find(axis.key);
  return known == table.end() ? std::nullopt : std::optional(known->second);
}

TomlItem as_setting(const GridAxis& axis, const TomlItem& value) {
  TomlItem setting = value;
  setting.key = axis.key.empty() ? axis.stage : axis.key;
  if (axis.stage.empty() || axis.key.empty()) return setting;
  TomlItem table;
  table.key = axis.stage;
  table.line = value.line;
  table.kind = TomlKind::kTable;
  table.items = {setting};
  return table;
}

void read_axes(const fs::path& path, const TomlItem& table, const std::string& stage,
               std::vector<GridAxis>& axes) {
  for (const TomlItem& item : table.items) {
    const std::string place = fmt::format("{}:{}", path.string(), item.line);
    if (item.kind == TomlKind::kTable && stage.empty()) {
      read_axes(path, item, item.key, axes);
      continue;
    }
    const bool values = item.kind == TomlKind::kList && !item.items.empty() &&
                        std::ranges::all_of(item.items, [](const TomlItem& each) {
                          return each.kind == TomlKind::kValue;
                        });
    if (!values) {
      fail("app.study", fmt::format("{}: '{}' of [grid] must be a list of values, such as "
                                    "finetune.rank = [4, 8, 16].",
                                    place, item.key));
    }
    GridAxis axis{stage, item.key, item.line, item.items};
    const size_t dot = item.key.find('.');
    if (stage.empty() && dot != item.key.npos) {
      axis.stage = item.key.substr(0, dot);
      axis.key = item.key.substr(dot + 1);
    } else if (stage.empty() && is_stage(item.key)) {
      axis.stage = item.key;
      axis.key.clear();
    }
    if (!axis.stage.empty() && !is_stage(axis.stage)) {
      fail("app.study",
           fmt::format("{}: '{}' is no stage.{} Stages are {}.", place, axis.stage,
                       did_you_mean(axis.stage, run_stages()), fmt::join(run_stages(), ", ")));
    }
    axes.push_back(axis);
  }
}

}  // namespace

void apply_setting(const fs::path& path, const TomlItem& item, StudyArm& arm) {
  const std::string place = fmt::format("{}:{}", path.string(), item.line);
  if (is_stage(item.key)) {
    if (item.kind == TomlKind::kTable) return apply_table(path, item, arm);
    if (!item.value.flag) {
      fail("app.study", fmt::format("{}: '{}' is a table: write [{}], or {} = false in an arm that "
                                    "does without it.",
                                    place, item.key, item.key, item.key));
    }
    const bool needed = item.key == "extract" || item.key == "evaluate";
    if (needed && !*item.value.flag) {
      fail("app.study", fmt::format("{}: every arm is answered and scored, so '{}' cannot be left "
                                    "out.",
                                    place, item.key));
    }
    if (*item.value.flag) arm.tables[item.key];
    else arm.tables.erase(item.key);
    return;
  }
  const std::vector<std::string> tables = {"study", "arm", "grid"};
  const bool of_one = arm.line != 0 || !arm.name.empty();
  if (of_one && std::ranges::find(tables, item.key) != tables.end()) {
    fail("app.study",
         fmt::format("{}: '{}' is a table of the whole study, and stands beside its arms. An arm "
                     "that sets a key itself is left as it is by an axis of [grid].",
                     place, item.key));
  }
  std::vector<std::string> known = run_top_keys();
  known.insert(known.end(), tables.begin(), tables.end());
  known.insert(known.end(), run_stages().begin(), run_stages().end());
  if (std::ranges::find(run_top_keys(), item.key) == run_top_keys().end()) {
    fail("app.study", fmt::format("{}: '{}' is not a key of this file.{} Keys above the tables are "
                                  "{}; tables are study, arm, grid, {}.",
                                  place, item.key, did_you_mean(item.key, known),
                                  fmt::join(run_top_keys(), ", "), fmt::join(run_stages(), ", ")));
  }
  refuse_own(place, of_one ? "of an arm" : "", item.key);
  arm.top[item.key] = top_value(path, item);
}

std::vector<GridAxis> read_grid(const fs::path& path, const TomlItem& table) {
  if (table.kind != TomlKind::kTable) {
    fail("app.study",
         fmt::format("{}:{}: 'grid' is a table: write [grid].", path.string(), table.line));
  }
  std::vector<GridAxis> axes;
  read_axes(path, table, "", axes);
  return axes;
}

std::vector<StudyArm> multiply(const fs::path& path, std::vector<StudyArm> arms,
                               const std::vector<GridAxis>& grid) {
  constexpr size_t kMost = 10000;
  for (const GridAxis& axis : grid) {
    std::vector<StudyArm> all;
    const auto changes = [&](const StudyArm& arm) {
      const bool has = axis.stage.empty() || axis.key.empty() || arm.tables.contains(axis.stage);
      return has && !arm.own.contains(setting_name(axis));
    };
    if (std::ranges::none_of(arms, changes)) {
      const bool set = std::ranges::any_of(
          arms, [&](const StudyArm& arm) { return arm.own.contains(setting_name(axis)); });
      fail("app.study",
           fmt::format("{}:{}: {}, so '{}' of [grid] changes nothing. {}, or take the axis out.",
                       path.string(), axis.line,
                       set ? "every arm that it could change sets it itself"
                           : fmt::format("no arm has [{}]", axis.stage),
                       setting_name(axis), set ? "Take it out of an arm" : "Add the table"));
    }
    for (const StudyArm& arm : arms) {
      if (!changes(arm)) {
        all.push_back(arm);
        continue;
      }
      for (const TomlItem& value : axis.values) {
        StudyArm each = arm;
        each.axes.push_back({setting_name(axis), value_name(axis, value), setting_of(axis, arm)});
        each.name += (each.name.empty() ? "" : ", ") + each.axes.back().value;
        apply_setting(path, as_setting(axis, value), each);
        all.push_back(std::move(each));
      }
    }
    if (all.size() > kMost) {
      fail("app.study", fmt::format("{}:{}: the grid has more than {} arms. Take values out.",
                                    path.string(), axis.line, kMost));
    }
    arms = std::move(all);
  }
  return arms;
}

}  // namespace relatum::app
