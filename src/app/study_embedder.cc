// Arms are named as the table of results shows them.
#include "app/study_embedder.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/study_merge.h"
#include "base/error.h"
#include "base/known_names.h"

namespace relatum::app {
namespace {

// In front of an arm's name, in the place of an embedder's.
const std::string kOfArm = "arm:";

std::string arm_names(const StudyConfig& study) {
  std::vector<std::string> names;
  for (const StudyArm& each : study.arms) names.push_back(each.name);
  return first_names(names);
}

// Why `other`, or nullptr, cannot embed the arm's index; empty where it can.
std::string hindrance(const StudyConfig& study, const StudyArm& arm, const StudyArm* other) {
  if (!other) return "no arm is called that; the arms are " + arm_names(study);
  if (other->name == arm.name) return "an arm cannot embed its own index";
  if (!arm.tables.contains("finetune")) return "this arm does not fine-tune, so it has no seeds";
  const auto trained = other->tables.find("finetune");
  if (trained == other->tables.end()) return "that arm does not fine-tune";
  if (other->tables.contains("index")) return "that arm has an index itself";
  return trained->second.contains("task") ? "that arm has a 'task' of its own" : "";
}

// The arm of that name, or the one that stands for a copy of that name; with `planned`, else a copy
// that may be called so once equal ones are one arm.
const StudyArm* named_arm(const StudyConfig& study, const std::string& name, bool planned) {
  for (const StudyArm& arm : study.arms) {
    const bool copy = std::ranges::find(arm.copies, name) != arm.copies.end();
    if (arm.name == name || copy) return &arm;
  }
  if (!planned) return nullptr;
  const auto copy = std::ranges::find_if(
      study.arms, [&](const StudyArm& arm) { return may_be_called(name, arm); });
  return copy == study.arms.end() ? nullptr : &*copy;
}

[[noreturn]] void refuse(const StudyConfig& study, const TomlValue& value, const std::string& why) {
  fail("app.study",
       fmt::format("{}:{}: the embedder '{}' is to be the run of another arm: {}. Name an arm that "
                   "fine-tunes for relations, without an index.",
                   study.path.string(), value.line, value.text, why));
}

}  // namespace

const StudyArm* embedding_arm(const StudyConfig& study, const StudyArm& arm) {
  const auto index = arm.tables.find("index");
  if (index == arm.tables.end() || !index->second.contains("embedder")) return nullptr;
  const TomlValue& value = index->second.at("embedder");
  if (!value.text.starts_with(kOfArm)) return nullptr;
  const StudyArm* other = named_arm(study, value.text.substr(kOfArm.size()), true);
  const std::string why = hindrance(study, arm, other);
  if (why.empty()) return other;
  refuse(study, value, why);
}

void check_embedding_arms(const StudyConfig& study) {
  for (const StudyArm& arm : study.arms) {
    if (!embedding_arm(study, arm)) continue;
    const TomlValue& value = arm.tables.at("index").at("embedder");
    if (named_arm(study, value.text.substr(kOfArm.size()), false)) continue;
    refuse(study, value, hindrance(study, arm, nullptr));
  }
}

}  // namespace relatum::app
