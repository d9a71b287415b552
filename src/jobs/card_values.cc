// Without errors: a card is no reason to refuse a run that something else wrote in.
#include "jobs/card_values.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"
#include "task/spec.h"

namespace relatum::jobs {

std::string card_text(const nlohmann::json& record, const char* key) {
  const nlohmann::json* value = io::find(record, key);
  return value && value->is_string() ? value->get<std::string>() : "";
}

std::optional<double> card_number(const nlohmann::json& record, const char* key) {
  const nlohmann::json* value = io::find(record, key);
  return value && value->is_number() ? std::optional(value->get<double>()) : std::nullopt;
}

bool card_flag(const nlohmann::json& record, const char* key) {
  const nlohmann::json* value = io::find(record, key);
  return value && value->is_boolean() && value->get<bool>();
}

std::string card_file(const nlohmann::json& record, const char* key) {
  const std::string given = card_text(record, key);
  if (given.empty()) return "";
  std::string path = given, format, parts;
  try {
    const task::Spec spec = task::parse_spec(given);
    path = spec.path;
    if (!spec.format.empty()) format = spec.format + ":";
    parts = given.substr(format.size() + path.size());
  } catch (const Error&) {
    // it is no SPEC: a plain path
  }
  std::filesystem::path name = std::filesystem::path(path).lexically_normal();
  if (!name.has_filename()) name = name.parent_path();
  return format + name.filename().string() + parts;
}

std::string card_method(const nlohmann::json& record) { return card_text(record, "method"); }

bool card_classifies(const nlohmann::json& record) {
  return card_text(record, "head") == "classifier";
}

bool card_finds_entities(const nlohmann::json& record) {
  return card_text(record, "task") == "entities";
}

bool card_finds_both(const nlohmann::json& record) { return card_text(record, "task") == "joint"; }

}  // namespace relatum::jobs
