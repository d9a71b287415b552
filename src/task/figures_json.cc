// One form in all reports.
#include "task/figures_json.h"

#include <nlohmann/json.hpp>

namespace relatum::task {

using nlohmann::ordered_json;

ordered_json figures_json(const Scores& scores) {
  return {{"precision", scores.precision}, {"recall", scores.recall}, {"f1", scores.f1}};
}

ordered_json bounds_json(const std::optional<Interval>& interval) {
  if (!interval) return nullptr;
  return {{"low", interval->low}, {"high", interval->high}};
}

ordered_json interval_json(const std::optional<Interval>& interval, const std::string& units) {
  ordered_json object = bounds_json(interval);
  if (!interval) return object;
  object["level"] = interval->level;
  object["samples"] = interval->samples;
  object[units] = interval->units;
  return object;
}

}  // namespace relatum::task
