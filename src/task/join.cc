// Joins by id, and says which ids do not fit.
#include "task/join.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/counted.h"
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

void refuse(const Misfits& misfits, const JoinNames& names, size_t predictions) {
  if (!misfits.repeated.empty()) {
    fail("task.evaluate", fmt::format("the predictions answer {} more than once. Keep one answer "
                                      "per id.",
                                      listed(misfits.repeated)));
  }
  const size_t extra = misfits.extra.size();
  if (extra == 0) return;
  fail("task.evaluate",
       fmt::format("{} of {} predictions {} that {} lacks: {}. Give the data that were answered, "
                   "and the same limit, sample or other parts.{}{}",
                   extra, predictions, extra == 1 ? "has an id" : "have ids", names.data,
                   listed(misfits.extra), names.extra_advice.empty() ? "" : " ",
                   names.extra_advice));
}

/// Finds the data's ids: as they are, else in the form that people see, else as spreadsheets write
/// numbers (25.0 for 25), where that is one id's alone.
class Finder {
 public:
  explicit Finder(std::span<const std::string_view> ids) : ids_(ids) {
    for (size_t i = 0; i < ids.size(); ++i) exact_.emplace(ids[i], i);
  }

  std::optional<size_t> find(std::string_view id) {
    if (const auto at = exact_.find(id); at != exact_.end()) return at->second;
    if (seen_.empty()) list_forms();
    const std::string form = seen_form(id);
    if (const auto at = seen_.find(form); at != seen_.end()) return at->second;
    const auto at = numbers_.find(id_of_cell(form));
    return at == numbers_.end() ? std::nullopt : at->second;
  }

 private:
  void list_forms() {
    for (size_t i = 0; i < ids_.size(); ++i) {
      const std::string form = seen_form(ids_[i]);
      seen_.emplace(form, i);
      const auto [at, fresh] = numbers_.emplace(id_of_cell(form), i);
      if (!fresh) at->second.reset();
    }
  }

  std::span<const std::string_view> ids_;
  std::unordered_map<std::string_view, size_t> exact_;
  std::unordered_map<std::string, size_t> seen_;  // this and the next: made once needed
  std::unordered_map<std::string, std::optional<size_t>> numbers_;  // nothing: of several
};

// Where a patch took rows away, which may be those. Else empty.
std::string left_out_by_patch(const Dataset& data) {
  if (data.dropped == 0) return "";
  return fmt::format(
      "{} {} left out by the patch: have the data answered with the same --relabel, "
      "or take what `relatum convert --relabel` makes of them.",
      counted(data.dropped, "row"), data.dropped == 1 ? "is" : "are");
}

}  // namespace

std::string listed(std::span<const std::string> names) {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kNamed); ++i) {
    text += fmt::format("{}'{}'", i ? ", " : "", printable_start(names[i]));
  }
  if (names.size() > kNamed) text += fmt::format(" and {} more", names.size() - kNamed);
  return text;
}

std::vector<std::optional<size_t>> join_ids(std::span<const std::string_view> ids,
                                            std::span<const std::string_view> answered,
                                            const JoinNames& names, bool missing_is_wrong) {
  Finder finder(ids);
  std::vector<std::optional<size_t>> joined(ids.size());
  Misfits misfits;
  for (size_t i = 0; i < answered.size(); ++i) {
    const std::optional<size_t> at = finder.find(answered[i]);
    if (!at) {
      misfits.extra.emplace_back(answered[i]);
    } else if (joined[*at]) {
      misfits.repeated.emplace_back(answered[i]);
    } else {
      joined[*at] = i;
    }
  }
  refuse(misfits, names, answered.size());
  for (size_t i = 0; i < joined.size(); ++i) {
    if (!joined[i]) misfits.missing.emplace_back(ids[i]);
  }
  const size_t missing = misfits.missing.size();
  if (missing == 0 || missing_is_wrong) return joined;
  fail("task.evaluate",
       fmt::format("{} of {} {} {} no prediction: {}. {}", missing, joined.size(),
                   joined.size() == 1 ? names.one : names.many, missing == 1 ? "has" : "have",
                   listed(misfits.missing), names.advice));
}

std::vector<const Prediction*> join_predictions(const Dataset& data,
                                                std::span<const Prediction> predictions,
                                                bool missing_is_wrong) {
  std::vector<std::string_view> ids, answered;
  for (const Example& example : data.examples) ids.push_back(example.id);
  for (const Prediction& prediction : predictions) answered.push_back(prediction.id);
  const JoinNames names = {.data = data.name,
                           .advice =
                               "Answers that extract left out (--limit, --min-probability, "
                               "--skip-negative) can be counted as wrong with --missing "
                               "wrong.",
                           .extra_advice = left_out_by_patch(data)};
  std::vector<const Prediction*> joined;
  for (const std::optional<size_t>& at : join_ids(ids, answered, names, missing_is_wrong)) {
    joined.push_back(at ? &predictions[*at] : nullptr);
  }
  return joined;
}

}  // namespace relatum::task
