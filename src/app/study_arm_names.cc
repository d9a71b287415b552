// Names of arms are the file's own with the values that its grid gave.
#include "app/study_arm_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/known_names.h"

namespace relatum::app {
namespace {

// Whether merge_copies() may take values out of the arm's name so that this one is left.
bool may_be_called(const std::string& name, const StudyArm& arm) {
  std::vector<std::string> parts{arm.written};
  for (const ArmAxis& axis : arm.axes) parts.push_back(axis.value);
  std::string_view rest = name;
  for (const std::string& part : parts) {
    if (part.empty() || !rest.starts_with(part)) continue;
    const std::string_view behind = rest.substr(part.size());
    if (behind.empty()) return true;
    if (behind.starts_with(", ")) rest = behind.substr(2);
  }
  return false;
}

}  // namespace

const StudyArm* find_arm(const StudyConfig& config, const std::string& name, bool planned) {
  for (const StudyArm& arm : config.arms) {
    const bool copy = std::ranges::find(arm.copies, name) != arm.copies.end();
    if (arm.name == name || copy) return &arm;
  }
  if (planned) return nullptr;
  const auto later = std::ranges::find_if(
      config.arms, [&](const StudyArm& arm) { return may_be_called(name, arm); });
  return later == config.arms.end() ? nullptr : &*later;
}

std::string arm_hint(const StudyConfig& config, const std::string& name) {
  std::vector<std::string> names;
  for (const StudyArm& arm : config.arms) names.push_back(arm.name);
  return fmt::format("{} The arms are {}.", did_you_mean(name, names), first_names(names));
}

void settle_baseline(StudyConfig& config, bool planned) {
  if (config.baseline.empty()) return;
  const StudyArm* arm = find_arm(config, config.baseline, planned);
  if (!arm) {
    fail("app.study",
         fmt::format("{}: 'baseline' is '{}', and no arm has that name.{}", config.path.string(),
                     config.baseline, arm_hint(config, config.baseline)));
  }
  if (planned) config.baseline = arm->name;
}

}  // namespace relatum::app
