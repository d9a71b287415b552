// Arms are named as the table of results shows them.
#include "app/study_embedder.h"

#include <fmt/format.h>

#include "app/study_arm_names.h"
#include "base/error.h"

namespace relatum::app {
namespace {

// In front of an arm's name, in the place of an embedder's.
const std::string kOfArm = "arm:";

// Why `other` cannot embed the arm's index; empty where it can.
std::string hindrance(const StudyArm& arm, const StudyArm& other) {
  if (other.name == arm.name) return "an arm cannot embed its own index";
  if (!arm.tables.contains("finetune")) return "this arm does not fine-tune, so it has no seeds";
  const auto trained = other.tables.find("finetune");
  if (trained == other.tables.end()) return "that arm does not fine-tune";
  if (other.tables.contains("index")) return "that arm has an index itself";
  return trained->second.contains("task") ? "that arm has a 'task' of its own" : "";
}

// The name of the arm that is to embed; nullptr where an embedder does, or nothing.
const TomlValue* embedding_value(const StudyArm& arm) {
  const auto index = arm.tables.find("index");
  if (index == arm.tables.end()) return nullptr;
  const auto embedder = index->second.find("embedder");
  const bool of_arm = embedder != index->second.end() && embedder->second.text.starts_with(kOfArm);
  return of_arm ? &embedder->second : nullptr;
}

const StudyArm& require_arm(const StudyConfig& study, const TomlValue& value, bool planned) {
  const std::string name = value.text.substr(kOfArm.size());
  const StudyArm* arm = find_arm(study, name, planned);
  if (arm) return *arm;
  fail("app.study",
       fmt::format("{}:{}: the embedder '{}' is to be the run of another arm, and no arm is called "
                   "that.{}",
                   study.path.string(), value.line, value.text, arm_hint(study, name)));
}

}  // namespace

const StudyArm* embedding_arm(const StudyConfig& study, const StudyArm& arm) {
  const TomlValue* value = embedding_value(arm);
  if (!value) return nullptr;
  const StudyArm& other = require_arm(study, *value, false);
  const std::string why = hindrance(arm, other);
  if (why.empty()) return &other;
  fail("app.study",
       fmt::format("{}:{}: the embedder '{}' is to be the run of another arm: {}. Name an arm that "
                   "fine-tunes for relations, without an index.",
                   study.path.string(), value->line, value->text, why));
}

void check_embedding_arms(const StudyConfig& study) {
  for (const StudyArm& arm : study.arms) {
    if (const TomlValue* value = embedding_value(arm)) require_arm(study, *value, true);
  }
}

}  // namespace relatum::app
