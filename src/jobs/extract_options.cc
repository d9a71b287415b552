// Options that exclude each other, and the label that is left out.
#include "jobs/extract_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "base/error.h"

namespace relatum::jobs {
namespace {

// Nothing where it is a folder or a file alone.
std::optional<NamedAdapter> named(const std::string& given) {
  const size_t equals = given.find('=');
  std::error_code ignored;
  if (equals == given.npos || std::filesystem::exists(given, ignored)) return std::nullopt;
  const std::string name = given.substr(0, equals);
  const bool sound = !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  if (!sound) return std::nullopt;
  return NamedAdapter{name, given.substr(equals + 1)};
}

}  // namespace

void choose_adapters(const std::vector<std::string>& given, ExtractOptions& o) {
  for (const std::string& each : given) {
    const auto adapter = named(each);
    if (!adapter && given.size() == 1) {
      o.adapter = each;
      return;
    }
    if (!adapter) {
      fail("jobs.extract", fmt::format("--adapter {}: of several adapters each needs a name, which "
                                       "rows then give. Write --adapter NAME={}, NAME of letters, "
                                       "digits, '.', '_' and '-'.",
                                       each, each));
    }
    for (const NamedAdapter& other : o.adapters) {
      if (other.name != adapter->name) continue;
      fail("jobs.extract",
           fmt::format("--adapter {}: the name '{}' is given twice, for {} as well. "
                       "Give each adapter a name of its own.",
                       each, other.name, other.folder));
    }
    o.adapters.push_back(*adapter);
  }
}

void check_probabilities(const ExtractOptions& o) {
  for (const auto& [flag, value] :
       {std::pair("--min-probability", o.min_probability), std::pair("--negligible", o.negligible),
        std::pair("--entity-threshold", o.entity_threshold.value_or(0))}) {
    if (!std::isfinite(value)) fail("jobs.extract", fmt::format("{} is not a number.", flag));
  }
}

task::PredictionFormat extract_format(const ExtractOptions& o) {
  const auto format = o.format.empty() ? task::prediction_format_of(o.out)
                                       : task::parse_prediction_format(o.format);
  if (o.scores && format != task::PredictionFormat::kJsonl) {
    fail("jobs.extract",
         "--scores needs --format jsonl: a table has no place for the labels' "
         "probabilities.");
  }
  check_probabilities(o);
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
