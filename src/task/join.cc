// Joins by id, and says which ids do not fit.
#include "task/join.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "base/error.h"
#include "base/printable.h"
#include "task/fields.h"
#include "task/forms.h"

namespace relatum::task {
namespace {

constexpr size_t kNamed = 5;  // names that a message lists

struct Misfits {
  std::vector<std::string> repeated, extra, missing;
};

void refuse(const Misfits& misfits, const Dataset& data, size_t predictions) {
  if (!misfits.repeated.empty()) {
    fail("task.evaluate", fmt::format("the predictions answer {} more than once. Keep one answer "
                                      "per id.",
                                      listed(misfits.repeated)));
  }
  const size_t extra = misfits.extra.size();
  if (extra == 1) {
    fail("task.evaluate", fmt::format("1 of {} predictions has an id that {} lacks: {}. Give the "
                                      "data that were answered, and the same limit or sample.",
                                      predictions, data.name, listed(misfits.extra)));
  }
  if (extra > 1) {
    fail("task.evaluate", fmt::format("{} of {} predictions have ids that {} lacks: {}. Give the "
                                      "data that were answered, and the same limit or sample.",
                                      extra, predictions, data.name, listed(misfits.extra)));
  }
}

/// Finds examples by id: as it is, else in the form that people see, else as spreadsheets write
/// numbers (25.0 for 25), where that is one example's alone.
class Finder {
 public:
  explicit Finder(const std::vector<Example>& examples) : examples_(examples) {
    for (size_t i = 0; i < examples.size(); ++i) exact_.emplace(examples[i].id, i);
  }

  std::optional<size_t> find(const std::string& id) {
    if (const auto at = exact_.find(id); at != exact_.end()) return at->second;
    if (seen_.empty()) list_forms();
    const std::string form = seen_form(id);
    if (const auto at = seen_.find(form); at != seen_.end()) return at->second;
    const auto at = numbers_.find(id_of_cell(form));
    return at == numbers_.end() ? std::nullopt : at->second;
  }

 private:
  void list_forms() {
    for (size_t i = 0; i < examples_.size(); ++i) {
      const std::string form = seen_form(examples_[i].id);
      seen_.emplace(form, i);
      const auto [at, fresh] = numbers_.emplace(id_of_cell(form), i);
      if (!fresh) at->second.reset();
    }
  }

  const std::vector<Example>& examples_;
  std::unordered_map<std::string_view, size_t> exact_;
  std::unordered_map<std::string, size_t> seen_;  // this and the next: made once needed
  std::unordered_map<std::string, std::optional<size_t>> numbers_;  // nothing: of several
};

}  // namespace

std::string listed(std::span<const std::string> names) {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kNamed); ++i) {
    text += fmt::format("{}'{}'", i ? ", " : "", printable_start(names[i]));
  }
  if (names.size() > kNamed) text += fmt::format(" and {} more", names.size() - kNamed);
  return text;
}

std::vector<const Prediction*> join_predictions(const Dataset& data,
                                                std::span<const Prediction> predictions,
                                                bool missing_is_wrong) {
  Finder finder(data.examples);
  std::vector<const Prediction*> joined(data.examples.size());
  Misfits misfits;
  for (const Prediction& prediction : predictions) {
    const std::optional<size_t> at = finder.find(prediction.id);
    if (!at) {
      misfits.extra.push_back(prediction.id);
    } else if (joined[*at]) {
      misfits.repeated.push_back(prediction.id);
    } else {
      joined[*at] = &prediction;
    }
  }
  refuse(misfits, data, predictions.size());
  for (size_t i = 0; i < joined.size(); ++i) {
    if (!joined[i]) misfits.missing.push_back(data.examples[i].id);
  }
  if (misfits.missing.empty() || missing_is_wrong) return joined;
  fail("task.evaluate",
       fmt::format("{} of {} examples {} no prediction: {}. Answers that extract left out "
                   "(--limit, --min-probability, --skip-negative) can be counted as wrong with "
                   "--missing wrong.",
                   misfits.missing.size(), joined.size(),
                   misfits.missing.size() == 1 ? "has" : "have", listed(misfits.missing)));
}

}  // namespace relatum::task
