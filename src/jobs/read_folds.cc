// The scores in a cross-validation's record, as finetune_folds() wrote them.
#include <nlohmann/json.hpp>

#include "io/json.h"
#include "jobs/finetune_folds.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;

FoldScore score_in(const json& object, const std::string& place) {
  return {io::require_int(object, "rows", place), io::require_int(object, "unparsed", place),
          io::require_double(object, "official", place),
          io::require_double(object, "accuracy", place)};
}

task::Spread spread_in(const json& scores, const char* key, const std::string& place) {
  const json& object = io::require_object(scores, key, place);
  return {io::require_double(object, "mean", place), io::require_double(object, "deviation", place),
          io::require_double(object, "low", place), io::require_double(object, "high", place),
          io::require_double(object, "level", place)};
}

}  // namespace

std::optional<FoldsResult> read_folds(const std::filesystem::path& file) {
  const json record = io::load_json(file);
  const std::string place = file.string();
  if (!io::find(record, "scores")) return std::nullopt;
  const json& scores = io::require_object(record, "scores", place);
  FoldsResult result;
  result.finished = true;
  result.metric = io::require_string(scores, "metric", place);
  for (const json& fold : io::require_array(scores, "folds", place)) {
    result.folds.push_back(score_in(fold, place));
  }
  result.official = spread_in(scores, "official", place);
  result.accuracy = spread_in(scores, "accuracy", place);
  result.pooled = score_in(io::require_object(scores, "pooled", place), place);
  return result;
}

}  // namespace relatum::jobs
