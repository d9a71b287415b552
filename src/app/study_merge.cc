// By the keys of their cells.
#include "app/study_merge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"

namespace relatum::app {
namespace {

// Copies of one arm with equal cells; `axes`: the values that all of them have.
struct Copies {
  std::vector<std::string> names, axes;
  std::string written;

  std::string name() const {
    return fmt::format("{}{}{}", written, written.empty() || axes.empty() ? "" : ", ",
                       fmt::join(axes, ", "));
  }
};

// In the file's order.
std::vector<Copies> copies_of(const StudyConfig& config,
                              const std::map<std::string, std::vector<std::string>>& keys) {
  std::vector<Copies> all;
  std::map<std::pair<std::string, std::vector<std::string>>, size_t> known;
  for (const StudyArm& arm : config.arms) {
    const auto [at, fresh] = known.emplace(std::pair(arm.written, keys.at(arm.name)), all.size());
    if (fresh) all.push_back({{}, arm.axes, arm.written});
    Copies& copies = all[at->second];
    copies.names.push_back(arm.name);
    std::erase_if(copies.axes, [&](const std::string& axis) {
      return std::ranges::find(arm.axes, axis) == arm.axes.end();
    });
  }
  return all;
}

}  // namespace

std::vector<std::string> merge_copies(StudyConfig& config, std::vector<jobs::StudyCell>& cells) {
  std::map<std::string, std::vector<std::string>> keys;
  for (const jobs::StudyCell& cell : cells) keys[cell.arm].push_back(cell.key);
  const std::vector<Copies> all = copies_of(config, keys);
  std::map<std::string, size_t> times;  // shorter names may fall together
  for (const Copies& copies : all) ++times[copies.name()];
  std::map<std::string, std::string> renamed;
  std::map<std::string, std::vector<std::string>> axes;
  std::set<std::string> gone;
  std::vector<std::string> lines;
  for (const Copies& copies : all) {
    const std::string name = copies.name();
    if (copies.names.size() < 2 || name.empty()) continue;
    const std::string& first = copies.names[0];
    for (const std::string& each : copies.names) renamed[each] = times[name] > 1 ? first : name;
    if (times[name] == 1) axes[first] = copies.axes;
    gone.insert(copies.names.begin() + 1, copies.names.end());
    lines.push_back(
        fmt::format("'{}': {} copies that the grid makes of it come to the same, and "
                    "are one arm.",
                    renamed[first], copies.names.size()));
  }
  std::erase_if(config.arms, [&](const StudyArm& arm) { return gone.contains(arm.name); });
  std::erase_if(cells, [&](const jobs::StudyCell& cell) { return gone.contains(cell.arm); });
  const auto rename = [&](std::string& name) {
    if (const auto now = renamed.find(name); now != renamed.end()) name = now->second;
  };
  for (StudyArm& arm : config.arms) {
    if (const auto left = axes.find(arm.name); left != axes.end()) arm.axes = left->second;
    rename(arm.name);
  }
  for (jobs::StudyCell& cell : cells) {
    const auto left = axes.find(cell.arm);
    if (left != axes.end() && !cell.axes.empty()) cell.axes = left->second;
    rename(cell.arm);
  }
  rename(config.baseline);
  return lines;
}

bool is_of_arm(const std::string& planned, const StudyArm& arm) {
  if (planned == arm.name) return true;
  std::vector<std::string> parts{arm.written};
  parts.insert(parts.end(), arm.axes.begin(), arm.axes.end());
  std::string_view rest = planned;
  for (const std::string& part : parts) {
    if (part.empty() || !rest.starts_with(part)) continue;
    const std::string_view behind = rest.substr(part.size());
    if (behind.empty()) return true;
    if (behind.starts_with(", ")) rest = behind.substr(2);
  }
  return false;
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
