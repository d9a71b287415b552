// Means over cells as Markdown.
#include "jobs/study_cost.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/counted.h"
#include "io/json.h"
#include "jobs/markdown_text.h"
#include "jobs/study_results.h"
#include "jobs/study_text.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;

constexpr double kShort = 9.95;  // seconds, and rates, that are told with a digit more

struct Costs {
  std::optional<double> sentences, steps, tokens, training, answering, rows, bytes;
};

Costs costs_of(const json& all, const std::string& arm) {
  const auto mean = [&](std::initializer_list<std::string> keys) {
    return mean_over_cells(all, arm, keys);
  };
  Costs costs{.sentences = mean({"training", "examples"}),
              .steps = mean({"training", "steps"}),
              .tokens = mean({"training", "tokens"}),
              .training = mean({"seconds", "training"}),
              .answering = mean({"seconds", "answering"}),
              .rows = mean({"figures", "examples"}),
              .bytes = {}};
  // Not told of a stage that went on after a stop, which may be the one that held more.
  const auto trains = [](const json* record) {
    const json* settings = io::find(*record, "settings");
    return settings && io::find(*settings, "finetune");
  };
  const auto trained = mean({"peak_rss_bytes", "training"});
  const auto answered = mean({"peak_rss_bytes", "answering"});
  const bool known = answered && (trained || std::ranges::none_of(arm_records(all, arm), trains));
  if (known) costs.bytes = std::max(*answered, trained.value_or(0));
  return costs;
}

std::string times_text(const Costs& costs, const Costs& base) {
  const bool both = costs.tokens && base.tokens && *base.tokens > 0;
  return both ? fmt::format("{:.2f}", *costs.tokens / *base.tokens) : "";
}

std::string rate_text(std::optional<double> amount, std::optional<double> seconds) {
  if (!amount || !seconds || *seconds <= 0) return "";
  const double rate = *amount / *seconds;
  return rate < kShort ? fmt::format("{:.1f}", rate) : grouped(uint64_t(std::llround(rate)));
}

std::string seconds_text(std::optional<double> seconds) {
  if (!seconds) return "";
  return *seconds < kShort ? fmt::format("{:.1f} s", *seconds) : duration_text(*seconds);
}

std::string line_of(const std::string& arm, const Costs& costs, const Costs* base) {
  std::string line = fmt::format("| {} | {} | {} | {} |", markdown_text(arm),
                                 count_text(costs.sentences), count_text(costs.steps),
                                 count_text(costs.tokens));
  if (base) line += " " + times_text(costs, *base) + " |";
  const std::string memory = costs.bytes ? fmt::format("{:.2f} GB", *costs.bytes / 1e9) : "";
  return line + fmt::format(" {} | {} | {} | {} | {} |\n", seconds_text(costs.training),
                            rate_text(costs.tokens, costs.training), seconds_text(costs.answering),
                            rate_text(costs.rows, costs.answering), memory);
}

}  // namespace

std::string count_text(std::optional<double> count) {
  return count ? grouped(uint64_t(std::llround(*count))) : "";
}

std::optional<double> mean_over_cells(const json& all, const std::string& arm,
                                      std::initializer_list<std::string> keys) {
  double sum = 0;
  int64_t count = 0;
  for (const json* value : arm_records(all, arm)) {
    for (const std::string& key : keys) {
      if (value) value = io::find(*value, key);
    }
    if (!value || !value->is_number()) continue;
    sum += value->get<double>();
    ++count;
  }
  return count ? std::optional(sum / double(count)) : std::nullopt;
}

std::string study_cost_text(const json& all, std::span<const json* const> arms, const json* base) {
  const auto name_of = [](const json& arm) { return arm.at("arm").get<std::string>(); };
  std::optional<Costs> baseline;
  if (base) baseline = costs_of(all, name_of(*base));
  if (baseline && !baseline->tokens) baseline.reset();
  std::string head = "| arm | rows trained on | steps | tokens |";
  std::string rule = "| --- | ---: | ---: | ---: |";
  if (baseline) {
    head += fmt::format(" times those of {} |", markdown_text(name_of(*base)));
    rule += " ---: |";
  }
  head += " training | tokens a second | answering | rows a second | memory |";
  rule += " ---: | ---: | ---: | ---: | ---: |";
  std::string lines;
  for (const json* arm : arms) {
    lines += line_of(name_of(*arm), costs_of(all, name_of(*arm)), baseline ? &*baseline : nullptr);
  }
  return fmt::format(
      "## What it costs\n\n{}\n{}\n{}\n{}", head, rule, lines,
      wrapped(
          "Means over cells. Steps and tokens are those of all epochs. Times and rates are those "
          "of the machine as busy as it was; memory is the most that the process held, by "
          "training or answering."));
}

}  // namespace relatum::jobs
