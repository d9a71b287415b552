// Counts per label, so that the inventory may be settled later.
#include "jobs/gold_labels.h"

#include <fmt/format.h>

namespace relatum::jobs {

void GoldLabels::count(const task::Example& example) {
  ++rows_;
  if (!example.label) return;
  Seen& seen = seen_[*example.label];
  if (++seen.rows == 1) seen.first_row = rows_;
}

void GoldLabels::tell(const task::Labels& known, const std::string& who,
                      const Context& context) const {
  int64_t unknown = 0, first_row = 0;
  std::string first;
  for (const auto& [label, seen] : seen_) {
    if (known.find(label)) continue;
    unknown += seen.rows;
    if (first_row && first_row < seen.first_row) continue;
    first_row = seen.first_row;
    first = label;
  }
  if (!unknown) return;
  const std::string rows = rows_ == 1 ? "The only example has"
                                      : fmt::format("{} of {} examples {}", unknown, rows_,
                                                    unknown == 1 ? "has" : "have");
  context.warn(
      fmt::format("{} a label that {} cannot answer{} '{}'. No gold label is needed here; "
                  "`relatum evaluate` counts such rows as wrong.",
                  rows, who, unknown == 1 ? ":" : ", such as", first));
}

void strip_unknown(task::Example& example, const task::Labels& known) {
  if (example.label && !known.find(*example.label)) example.label.reset();
}

}  // namespace relatum::jobs
