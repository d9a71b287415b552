// Arms are named as the table of results shows them.
#include "app/study_embedder.h"

#include <fmt/format.h>

#include <algorithm>

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

}  // namespace

const StudyArm* embedding_arm(const StudyConfig& study, const StudyArm& arm) {
  const auto index = arm.tables.find("index");
  if (index == arm.tables.end() || !index->second.contains("embedder")) return nullptr;
  const TomlValue& value = index->second.at("embedder");
  if (!value.text.starts_with(kOfArm)) return nullptr;
  const auto named = std::ranges::find(study.arms, value.text.substr(kOfArm.size()),
                                       &StudyArm::name);
  const StudyArm* other = named == study.arms.end() ? nullptr : &*named;
  const std::string why = hindrance(study, arm, other);
  if (why.empty()) return other;
  fail("app.study",
       fmt::format("{}:{}: the embedder '{}' is to be the run of another arm: {}. Name an arm that "
                   "fine-tunes for relations, without an index.",
                   study.path.string(), value.line, value.text, why));
}

}  // namespace relatum::app
