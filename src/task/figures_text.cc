// Two digits behind the point in all tables.
#include "task/figures_text.h"

#include <fmt/format.h>

#include "base/counted.h"

namespace relatum::task {

std::string percent_text(double fraction) { return fmt::format("{:6.2f}", 100 * fraction); }

std::string figures_text(const Scores& scores) {
  return fmt::format("{}  {}  {}", percent_text(scores.precision), percent_text(scores.recall),
                     percent_text(scores.f1));
}

std::string kind_line(int64_t count, std::string_view kind) {
  return count ? fmt::format("  {:6}  {}\n", count, kind) : "";
}

std::string interval_line(const std::optional<Interval>& interval, std::string_view unit) {
  if (!interval) return "";
  if (interval->low >= interval->high) {
    return "  no interval: every bootstrap sample gives this figure, so none can tell how far off "
           "it is\n";
  }
  return fmt::format("  {:.0f} % interval  {:.2f} to {:.2f}  ({} bootstrap samples of {})\n",
                     100 * interval->level, 100 * interval->low, 100 * interval->high,
                     interval->samples, counted(interval->units, unit));
}

}  // namespace relatum::task
