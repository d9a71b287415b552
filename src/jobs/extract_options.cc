// Options that exclude each other, and the label that is left out.
#include "jobs/extract_options.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/error.h"

namespace relatum::jobs {

task::PredictionFormat extract_format(const ExtractOptions& o) {
  const auto format = o.format.empty() ? task::prediction_format_of(o.out)
                                       : task::parse_prediction_format(o.format);
  if (o.scores && format != task::PredictionFormat::kJsonl) {
    fail("jobs.extract",
         "--scores needs --format jsonl: a table has no place for the labels' "
         "probabilities.");
  }
  for (const auto& [flag, value] : {std::pair("--min-probability", o.min_probability),
                                    std::pair("--negligible", o.negligible)}) {
    if (!std::isfinite(value)) fail("jobs.extract", fmt::format("{} is not a number.", flag));
  }
  if (o.answer == "free" && o.min_probability > 0) {
    fail("jobs.extract",
         "--min-probability needs an --answer that has probabilities: scored, "
         "shares or constrained.");
  }
  return format;
}

std::optional<std::string> skipped_label(const ExtractOptions& o, const task::Labels& labels,
                                         const std::string& of_run) {
  if (!o.skip_negative) return std::nullopt;
  if (o.negative) {
    labels.index(*o.negative, "--negative");
    return o.negative;
  }
  if (!of_run.empty()) return of_run;
  if (const auto usual = task::negative_label(labels)) return usual;
  fail("jobs.extract",
       "--skip-negative: none of the labels is called no_relation or Other. Name "
       "the one that means no relation with --negative.");
}

}  // namespace relatum::jobs
