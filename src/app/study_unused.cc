// Axes that merge_copies() dropped, and keys for training where nothing trains.
#include "app/study_unused.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/study_embedder.h"
#include "base/error.h"

namespace relatum::app {
namespace {

// What the arm had before in the place of the dropped axes' values.
StudyArm without_dropped(StudyArm arm) {
  for (const ArmAxis& axis : arm.dropped) {
    const size_t dot = axis.setting.find('.');
    const std::string stage = dot == axis.setting.npos ? "" : axis.setting.substr(0, dot);
    const std::string key = axis.setting.substr(stage.empty() ? 0 : dot + 1);
    if (!stage.empty() && !arm.tables.contains(stage)) continue;
    RunTable& table = stage.empty() ? arm.top : arm.tables.at(stage);
    if (axis.before) table[key] = *axis.before;
    else table.erase(key);
  }
  return arm;
}

// Cells planned anew of the arm, in the place of its old ones where they are the same ones.
bool replan(const StudyArm& arm, std::vector<jobs::StudyCell>& cells, const PlanArm& cells_of) {
  std::vector<jobs::StudyCell> fresh;
  try {
    fresh = cells_of(arm);
  } catch (const Error&) {
    return false;
  }
  const auto old = std::ranges::find(cells, arm.name, &jobs::StudyCell::arm);
  const auto same = [](const jobs::StudyCell& a, const jobs::StudyCell& b) {
    return a.key == b.key;
  };
  if (!std::equal(fresh.begin(), fresh.end(), old, same)) return false;
  for (jobs::StudyCell& cell : fresh) cell.text = old->text;
  std::ranges::move(fresh, old);
  return true;
}

}  // namespace

void drop_unused(StudyConfig& config, std::vector<jobs::StudyCell>& cells,
                 const PlanArm& cells_of) {
  bool any = false;
  for (StudyArm& arm : config.arms) {
    if (arm.dropped.empty()) continue;
    StudyArm plain = without_dropped(arm);
    if (!replan(plain, cells, cells_of)) continue;
    arm = std::move(plain);
    any = true;
  }
  if (!any) return;
  for (const StudyArm& arm : config.arms) {  // whose embedder may be one of those
    if (embedding_arm(config, arm)) replan(arm, cells, cells_of);
  }
}

void warn_of_unused(const StudyConfig& config, const Context& context) {
  const auto none_has = [&](const char* stage) {
    return std::ranges::none_of(config.arms,
                                [&](const StudyArm& arm) { return arm.tables.contains(stage); });
  };
  if (!none_has("finetune")) return;
  if (!config.seeds.empty()) {
    context.warn(fmt::format("{}: 'seeds' of [study] are not used: no arm has [finetune].",
                             config.path.string()));
  }
  if (config.train.empty() || config.holdout || !none_has("index")) return;
  context.warn(fmt::format("{}: 'train' is not used: no arm has [finetune] or [index].",
                           config.path.string()));
}

}  // namespace relatum::app
