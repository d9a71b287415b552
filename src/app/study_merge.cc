// By the keys of their cells.
#include "app/study_merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"

namespace relatum::app {
namespace {

using Values = std::map<std::string, std::set<std::string>>;  // by an axis' setting

// Copies of one arm with equal cells.
struct Copies {
  StudyArm first;
  std::vector<std::string> names;
  Values values;
};

void add_values(const StudyArm& arm, Values& values) {
  for (const ArmAxis& axis : arm.axes) values[axis.setting].insert(axis.value);
}

// In the file's order.
std::vector<Copies> copies_of(const StudyConfig& config,
                              const std::vector<jobs::StudyCell>& cells) {
  std::map<std::string, std::vector<std::string>> keys;
  for (const jobs::StudyCell& cell : cells) keys[cell.arm].push_back(cell.key);
  std::vector<Copies> all;
  std::map<std::pair<int64_t, std::vector<std::string>>, size_t> known;
  for (const StudyArm& arm : config.arms) {
    const auto [at, fresh] = known.emplace(std::pair(arm.line, keys[arm.name]), all.size());
    if (fresh) all.push_back({arm, {}, {}});
    all[at->second].names.push_back(arm.name);
    add_values(arm, all[at->second].values);
  }
  return all;
}

// The first copy without the axes all of whose values are among the copies.
StudyArm merged(const Copies& copies, const Values& values) {
  StudyArm arm = copies.first;
  arm.copies = copies.names;
  const auto all_are_there = [&](const ArmAxis& axis) {
    const size_t count = copies.values.at(axis.setting).size();
    return count > 1 && count == values.at(axis.setting).size();
  };
  std::ranges::copy_if(arm.axes, std::back_inserter(arm.dropped), all_are_there);
  std::erase_if(arm.axes, all_are_there);
  arm.name = arm.written;
  for (const ArmAxis& axis : arm.axes) arm.name += (arm.name.empty() ? "" : ", ") + axis.value;
  return arm;
}

// Shorter names may fall together, and those of other arms may be such.
void refuse_equal_names(const StudyConfig& config) {
  std::set<std::string> known;
  for (const StudyArm& arm : config.arms) {
    if (known.insert(arm.name).second) continue;
    fail("app.study", fmt::format("{}: two arms come to be called '{}', as copies that [grid] "
                                  "makes of an arm come to the same. Give each [[arm]] a name of "
                                  "its own, or take values out of the grid.",
                                  config.path.string(), arm.name));
  }
}

}  // namespace

std::vector<std::string> merge_copies(StudyConfig& config, std::vector<jobs::StudyCell>& cells) {
  std::map<int64_t, Values> values;  // of the copies of each arm
  for (const StudyArm& arm : config.arms) add_values(arm, values[arm.line]);
  std::map<std::string, StudyArm> now;  // by what the first copy was called
  std::set<std::string> gone;
  std::vector<std::string> lines;
  for (const Copies& copies : copies_of(config, cells)) {
    if (copies.names.size() < 2) continue;
    StudyArm arm = merged(copies, values[copies.first.line]);
    if (arm.name.empty()) continue;  // of the grid alone, and refused as equal
    gone.insert(copies.names.begin() + 1, copies.names.end());
    lines.push_back(
        fmt::format("'{}': {} copies that the grid makes of it come to the same, and are one arm.",
                    arm.name, copies.names.size()));
    now.emplace(copies.first.name, std::move(arm));
  }
  std::erase_if(config.arms, [&](const StudyArm& arm) { return gone.contains(arm.name); });
  std::erase_if(cells, [&](const jobs::StudyCell& cell) { return gone.contains(cell.arm); });
  for (jobs::StudyCell& cell : cells) {
    const auto found = now.find(cell.arm);
    if (found == now.end()) continue;
    const StudyArm& arm = found->second;
    cell.arm = arm.name;
    cell.copies = arm.copies;
    cell.axes.clear();
    for (const ArmAxis& axis : arm.axes) cell.axes.push_back(axis.value);
  }
  for (StudyArm& arm : config.arms) {
    if (const auto found = now.find(arm.name); found != now.end()) arm = found->second;
  }
  refuse_equal_names(config);
  return lines;
}

void refuse_equal(const StudyConfig& config, const std::vector<jobs::StudyCell>& cells) {
  std::map<std::string, const jobs::StudyCell*> by_key;
  for (const jobs::StudyCell& cell : cells) {
    const auto [other, fresh] = by_key.emplace(cell.key, &cell);
    if (fresh) continue;
    fail("app.study", fmt::format("{}: the arms '{}' and '{}' have equal settings, so they would "
                                  "be the same arm twice. Change one of them, or leave it out.",
                                  config.path.string(), other->second->arm, cell.arm));
  }
}

}  // namespace relatum::app
