// Options beside what the run keeps.
#include "jobs/answer_rule.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/printable.h"
#include "jobs/fit_calibration.h"

namespace relatum::jobs {
namespace {

constexpr const char* kOfDev = "dev";

/// What the run keeps for this way of answering.
const ModeCalibration* kept_for(const ExtractOptions& o, const ExtractSetup& setup) {
  if (!setup.calibration) return nullptr;
  const auto at = setup.calibration->modes.find(o.answer);
  return at == setup.calibration->modes.end() ? nullptr : &at->second;
}

double kept_threshold(const ExtractOptions& o, const ExtractSetup& setup,
                      const ModeCalibration* kept) {
  if (kept && o.multi_label && kept->several) return kept->several->value;
  if (kept && !o.multi_label && kept->negative) return kept->negative->value;
  const std::string flag = o.multi_label ? "--multi-label" : "--threshold dev";
  const std::string choose =
      setup.run && setup.run->sentences
          ? fmt::format(
                "`finetune` chooses one on dev data (--dev, --holdout) of at least {} pairs",
                kFewestForCalibration)
          : "Choose one with `relatum calibrate`, name a run's calibration.json by --calibration";
  fail("jobs.extract",
       fmt::format("{}: {} has no threshold that was chosen on dev data. {}, or give --threshold a "
                   "number from 0 to 1.",
                   flag, o.adapter.empty() ? "the model without an adapter" : o.adapter, choose));
}

void check_named_calibration(const ExtractOptions& o) {
  if (o.calibration.empty()) return;
  if (o.no_calibration) {
    fail("jobs.extract",
         "--calibration and --no-calibration exclude each other. Leave one of them out.");
  }
  if (o.adapters.empty()) return;
  fail("jobs.extract",
       "--calibration names one file, and each of several adapters has the one beside it. Leave it "
       "out, or use one adapter.");
}

}  // namespace

std::optional<double> probability_of(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  const bool sound = error == std::errc() && stop == end && value >= 0 && value <= 1;
  return sound ? std::optional(value) : std::nullopt;
}

std::optional<std::string> named_negative(const ExtractOptions& o, const ExtractSetup& setup) {
  if (o.negative || !setup.run || setup.run->negative.empty()) return o.negative;
  return setup.run->negative;
}

std::optional<int32_t> negative_index(const task::Labels& labels,
                                      const std::optional<std::string>& named) {
  const std::optional<std::string> name = named ? named : task::negative_label(labels);
  return name ? std::optional(int32_t(labels.index(*name, "--negative"))) : std::nullopt;
}

bool needs_kept_threshold(const ExtractOptions& o) {
  return o.threshold == kOfDev || (o.multi_label && o.threshold.empty());
}

void check_answer_rule(const ExtractOptions& o) {
  check_named_calibration(o);
  const bool asked = !o.threshold.empty() || o.multi_label;
  if (!asked) return;
  const std::string flag = o.multi_label ? "--multi-label" : "--threshold";
  if (o.answer != "scored" && o.answer != "shares") {
    fail("jobs.extract", fmt::format("{} needs the probabilities of all labels, which --answer {} "
                                     "does not compute. Use scored or shares.",
                                     flag, o.answer));
  }
  const bool of_dev = needs_kept_threshold(o);
  if (of_dev && o.no_calibration) {
    fail("jobs.extract",
         "--no-calibration leaves the run's temperature off, which its threshold was chosen with. "
         "Leave it out, or give --threshold a number from 0 to 1.");
  }
  if (!of_dev && !probability_of(o.threshold)) {
    fail("jobs.extract", fmt::format("--threshold {}: expected a number from 0 to 1, or dev for "
                                     "the one that was chosen on dev data.",
                                     o.threshold));
  }
  const auto format = extract_format(o);
  const bool table = format == task::PredictionFormat::kCsv ||
                     format == task::PredictionFormat::kTsv;
  if (o.multi_label && table) {
    fail("jobs.extract",
         "--multi-label: a table has one label in a row. Use --format jsonl, or triples, which "
         "has a line for each label.");
  }
}

task::AnswerRule answer_rule(const ExtractOptions& o, const ExtractSetup& setup,
                             const task::Labels& labels) {
  task::AnswerRule rule;
  const ModeCalibration* kept = kept_for(o, setup);
  if (kept) rule.temperature = kept->fit.temperature;
  if (o.threshold.empty() && !o.multi_label) return rule;
  rule.several = o.multi_label;
  rule.threshold = probability_of(o.threshold);
  if (!rule.threshold) rule.threshold = kept_threshold(o, setup, kept);
  rule.negative = negative_index(labels, named_negative(o, setup));
  if (rule.negative || rule.several) return rule;
  fail("jobs.extract",
       "--threshold: none of the labels means no relation, so nothing could be answered below it. "
       "Name that label with --negative, or leave answers out with --min-probability.");
}

std::string threshold_warning(const ExtractOptions& o, const ExtractSetup& setup) {
  const ModeCalibration* kept = kept_for(o, setup);
  if (o.threshold != kOfDev || o.multi_label || !kept || !kept->negative) return "";
  const task::TunedThreshold& best = *kept->negative;
  if (best.helps()) return "";
  return fmt::format(
      "--threshold dev: on the dev data no threshold was better than the likeliest label (F1 "
      "{:.2f}; {:.2f} with the kept one, {:.2f}). Leave the option out for that, or give a number.",
      100 * best.f1_likeliest, 100 * best.f1, best.value);
}

std::string rule_identity(const task::AnswerRule& rule) {
  std::string text;
  if (rule.temperature != 1) text += fmt::format("temperature {}", rule.temperature);
  if (rule.threshold) {
    text += fmt::format("{}threshold {}{}{}", text.empty() ? "" : ", ", *rule.threshold,
                        rule.several ? ", several labels" : "",
                        rule.negative ? fmt::format(", negative label {}", *rule.negative) : "");
  }
  return text;
}

std::string rule_text(const task::AnswerRule& rule, const task::Labels& labels) {
  std::string text;
  if (rule.temperature != 1) text += fmt::format("temperature {:.3g}", rule.temperature);
  if (!rule.threshold) return text;
  text += fmt::format("{}threshold {:.3g}{}", text.empty() ? "" : ", ", *rule.threshold,
                      rule.several ? ", several labels" : "");
  if (rule.negative) {
    text += fmt::format(", negative label '{}'", printable_start(labels.name(*rule.negative)));
  }
  return text;
}

nlohmann::json rule_record(const task::AnswerRule& rule, const ExtractSetup& setup) {
  nlohmann::json record{{"temperature", rule.temperature}, {"multi_label", rule.several}};
  record["threshold"] = rule.threshold ? nlohmann::json(*rule.threshold) : nlohmann::json();
  record["calibrated_on"] = setup.calibration ? nlohmann::json(setup.calibration->data)
                                              : nlohmann::json();
  return record;
}

}  // namespace relatum::jobs
