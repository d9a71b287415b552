// Joins by id, and says which ids do not fit.
#include "task/join.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "task/forms.h"
#include "task/utf8.h"

namespace relatum::task {
namespace {

constexpr size_t kNamed = 5;  // names that a message lists

struct Misfits {
  std::vector<std::string> repeated, extra, missing;
};

void refuse(const Misfits& misfits, const Dataset& data, size_t predictions) {
  if (!misfits.repeated.empty())
    fail("task.evaluate", fmt::format("the predictions answer {} more than once. Keep one answer "
                                      "per id.",
                                      listed(misfits.repeated)));
  const size_t extra = misfits.extra.size();
  if (extra == 1)
    fail("task.evaluate", fmt::format("1 of {} predictions has an id that {} lacks: {}. Give the "
                                      "data that were answered, and the same limit or sample.",
                                      predictions, data.name, listed(misfits.extra)));
  if (extra > 1)
    fail("task.evaluate", fmt::format("{} of {} predictions have ids that {} lacks: {}. Give the "
                                      "data that were answered, and the same limit or sample.",
                                      extra, predictions, data.name, listed(misfits.extra)));
}

}  // namespace

std::string listed(std::span<const std::string> names) {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kNamed); ++i)
    text += fmt::format("{}'{}'", i ? ", " : "", utf8_printable(names[i]));
  if (names.size() > kNamed) text += fmt::format(" and {} more", names.size() - kNamed);
  return text;
}

std::vector<const Prediction*> join_predictions(const Dataset& data,
                                                std::span<const Prediction> predictions,
                                                bool missing_is_wrong) {
  std::unordered_map<std::string_view, size_t> place;
  for (size_t i = 0; i < data.examples.size(); ++i) place.emplace(data.examples[i].id, i);
  std::unordered_map<std::string, size_t> seen;  // made where an id's bytes are not found
  std::vector<const Prediction*> joined(data.examples.size());
  Misfits misfits;
  for (const Prediction& prediction : predictions) {
    auto at = place.find(prediction.id);
    if (at == place.end()) {
      if (seen.empty())
        for (size_t i = 0; i < data.examples.size(); ++i)
          seen.emplace(seen_form(data.examples[i].id), i);
      const auto alike = seen.find(seen_form(prediction.id));
      if (alike != seen.end()) at = place.find(data.examples[alike->second].id);
    }
    if (at == place.end()) {
      misfits.extra.push_back(prediction.id);
    } else if (joined[at->second]) {
      misfits.repeated.push_back(prediction.id);
    } else {
      joined[at->second] = &prediction;
    }
  }
  refuse(misfits, data, predictions.size());
  for (size_t i = 0; i < joined.size(); ++i)
    if (!joined[i]) misfits.missing.push_back(data.examples[i].id);
  if (misfits.missing.empty() || missing_is_wrong) return joined;
  fail("task.evaluate",
       fmt::format("{} of {} examples {} no prediction: {}. Rows that extract left out "
                   "(--skip-bad-rows) can be counted as wrong with --missing wrong.",
                   misfits.missing.size(), joined.size(),
                   misfits.missing.size() == 1 ? "has" : "have", listed(misfits.missing)));
}

}  // namespace relatum::task
