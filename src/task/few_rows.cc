// Counts rows of each label; a row with one label too many counts for none.
#include "task/few_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/printable.h"

namespace relatum::task {

bool FewRows::take(const Example& example) {
  return spec_.few_labels.empty() || take(gold_labels(example));
}

bool FewRows::take(const Document& document) {
  if (spec_.few_labels.empty()) return true;
  if (!document.pair) {
    fail("task.spec",
         fmt::format("{}: few= is for rows that mark one pair, and document '{}' has relations of "
                     "its own. Leave it out.",
                     spec_.text, printable_start(document.id, 40)));
  }
  std::vector<std::string> labels;
  for (const Relation& each : document.relations) labels.push_back(each.label);
  return take(labels);
}

bool FewRows::take(const std::vector<std::string>& labels) {
  std::vector<std::string> few;
  met_.insert(labels.begin(), labels.end());
  for (const std::string& label : labels) {
    if (std::ranges::find(spec_.few_labels, label) != spec_.few_labels.end()) few.push_back(label);
  }
  const auto full = [&](const std::string& label) { return seen_[label] >= spec_.few; };
  if (std::ranges::any_of(few, full)) return false;
  for (const std::string& label : few) ++seen_[label];
  return true;
}

void FewRows::check() const {
  for (const std::string& label : spec_.few_labels) {
    if (met_.contains(label)) continue;
    const bool fewer = spec_.sample || spec_.limit || !spec_.without.empty();
    fail("task.spec", fmt::format("{}: few= names '{}', and no row{} has that label. {}",
                                  spec_.text, label, fewer ? " that the other parts leave" : "",
                                  fewer ? "Take another sample or limit, or that label out."
                                        : "Write it as the data do."));
  }
}

}  // namespace relatum::task
