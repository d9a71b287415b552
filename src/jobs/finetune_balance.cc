// Counts labels, then marks rows.
#include "jobs/finetune_balance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/counted.h"
#include "base/error.h"
#include "io/json.h"
#include "jobs/finetune_entities.h"
#include "jobs/finetune_joint.h"
#include "task/folds.h"
#include "task/forms.h"

namespace relatum::jobs {
namespace {

constexpr const char* kBalanced = "balanced";

// A share of a count that is whole but for the rounding of the ratio stays whole.
int64_t times(double ratio, int64_t count) {
  constexpr double kRounding = 1e-9;
  return int64_t(std::min(std::floor(ratio * double(count) + kRounding), 0x1p53));
}

void thin(const FinetuneOptions& options, const FinetuneData& data, FinetuneRows& rows,
          const Context& context) {
  if (!options.negatives) return;
  const std::string label = thinned_label(options, data.train.labels);
  train::Thinning& thinned = rows.thinned;
  for (size_t i = 0; i < rows.train.size(); ++i) {
    if (*data.train.examples[i].label == label) thinned.rows.push_back(int64_t(i));
  }
  const auto all = int64_t(thinned.rows.size());
  const int64_t others = int64_t(rows.train.size()) - all;
  if (others == 0) {  // check_balance() saw some, which were too long since
    fail("jobs.finetune",
         fmt::format("{}: every training example that fits into the model's context has the label "
                     "'{}', and --negatives counts them against the others. Leave it out, or use a "
                     "shorter prompt style.",
                     data.train.name, label));
  }
  thinned.kept = std::min(all, times(*options.negatives, others));
  if (thinned.kept == 0) {
    context.warn(
        fmt::format("--negatives {} leaves out all of the {} labelled '{}': that label stays an "
                    "answer and is never learned.",
                    *options.negatives, counted(all, "row"), label));
  } else if (thinned.kept < all) {
    context.info(fmt::format("of {} labelled '{}' each epoch has {}, drawn anew, beside {}.",
                             counted(all, "row"), label, thinned.kept, counted(others, "other")));
  } else {
    context.info(fmt::format("--negatives leaves nothing out: {} labelled '{}' beside {}.",
                             counted(all, "row"), label, counted(others, "other")));
    thinned = {};
  }
}

}  // namespace

std::map<std::string, int64_t> epoch_counts(const FinetuneData& data, const FinetuneRows& rows) {
  if (data.entities && data.train.examples.empty()) return entity_counts(*data.entities);
  std::map<std::string, int64_t> counts = task::label_counts(data.train.examples);
  if (rows.thinned.rows.empty()) return counts;
  const size_t first = size_t(rows.thinned.rows[0]);
  const std::string& label = *data.train.examples[first].label;
  counts[label] = rows.thinned.kept;
  if (rows.thinned.kept == 0) counts.erase(label);
  return counts;
}

namespace {

void tell_weights(const std::map<std::string, double>& weights, const Context& context) {
  const auto by_weight = [](const auto& one, const auto& other) {
    return one.second < other.second;
  };
  const auto [least, most] = std::ranges::minmax_element(weights, by_weight);
  context.info(fmt::format("rows weigh {:.3g} ('{}') to {:.3g} ('{}') in the loss, by their label.",
                           least->second, least->first, most->second, most->first));
}

void weigh(const FinetuneOptions& options, const FinetuneData& data, FinetuneRows& rows,
           const Context& context) {
  if (options.label_weights.empty()) return;
  const auto counts = epoch_counts(data, rows);
  std::map<std::string, double> weights;
  if (options.label_weights == kBalanced) {
    weights = balanced_weights(counts);
  } else {
    const auto given = read_label_weights(options.label_weights, data.train.labels);
    std::vector<std::string> missing;
    for (const auto& [label, count] : counts) {
      const auto at = given.find(label);
      weights[label] = at == given.end() ? 1.0 : at->second;
      if (at == given.end()) missing.push_back(label);
    }
    if (!missing.empty()) {
      context.info(fmt::format("{} leaves out '{}': rows of {} weigh 1.", options.label_weights,
                               fmt::join(missing, "', '"),
                               missing.size() == 1 ? "that label" : "those labels"));
    }
  }
  for (size_t i = 0; i < rows.train.size(); ++i) {
    const auto at = weights.find(*data.train.examples[i].label);
    if (at != weights.end()) rows.train[i].weight = float(at->second);
  }
  rows.weights = weights;
  tell_weights(weights, context);
}

// What is nearly always right is soon all that is answered. Weights were chosen by somebody who
// knows.
void tell_mostly_negative(const FinetuneOptions& options, const FinetuneData& data,
                          const FinetuneRows& rows, const Context& context) {
  constexpr double kNearlyAll = 0.95;
  const task::Labels& labels = data.train.labels;
  const auto named = negative_of(options, labels);
  const auto negative = named ? named : task::negative_label(labels);
  if (!negative || !rows.weights.empty()) return;
  const auto counts = epoch_counts(data, rows);
  int64_t all = 0;
  for (const auto& [label, count] : counts) all += count;
  const auto of_negative = counts.find(*negative);
  if (of_negative == counts.end() || of_negative->second == all) return;
  if (double(of_negative->second) <= kNearlyAll * double(all)) return;
  const bool documents = std::ranges::any_of(
      data.train.examples, [](const task::Example& each) { return !each.document.empty(); });
  const bool whole = documents && !asks_sentences(options);
  context.warn(
      fmt::format("{}: {} of {} are labelled '{}', and such data soon teach nothing but that. {}",
                  data.train.name, of_negative->second, counted(all, "training row"), *negative,
                  whole ? "Learn the pairs of each sentence by --pairs sentences, or fewer of "
                          "these rows by --negatives."
                        : "Learn fewer of these rows by --negatives."));
}

}  // namespace

bool names_weights_file(const std::string& given) { return !given.empty() && given != kBalanced; }

std::string thinned_label(const FinetuneOptions& options, const task::Labels& labels) {
  if (const auto named = negative_of(options, labels)) return *named;
  if (const auto usual = task::negative_label(labels)) return *usual;
  fail("jobs.finetune",
       "--negatives is about rows without a relation, and none of the labels is no_relation or "
       "Other. Name theirs with --negative.");
}

std::map<std::string, double> read_label_weights(const std::string& file,
                                                 const task::Labels& labels) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    fail("jobs.finetune", fmt::format("--label-weights {}: there is no such file, and the only "
                                      "word is {}.",
                                      file, kBalanced));
  }
  const nlohmann::json object = io::load_json(file);
  if (!object.is_object() || object.empty()) {
    fail("jobs.finetune",
         fmt::format("{}: expected a JSON object that gives labels their weights, such as "
                     "{{\"founded\": 2}}.",
                     file));
  }
  std::map<std::string, double> weights;
  for (const auto& [name, value] : object.items()) {
    const std::string label = task::seen_form(name);
    labels.index(label, file);
    const double weight = io::require_double(object, name, file);
    if (!(weight > 0 && weight <= 1e6)) {
      fail("jobs.finetune", fmt::format("{}: the weight of '{}' is {}. Use a number above 0, at "
                                        "most 1000000; leave rows out that are not to count.",
                                        file, label, weight));
    }
    weights[label] = weight;
  }
  return weights;
}

std::map<std::string, double> balanced_weights(const std::map<std::string, int64_t>& counts) {
  int64_t rows = 0;
  for (const auto& [label, count] : counts) rows += count;
  std::map<std::string, double> weights;
  for (const auto& [label, count] : counts) {
    weights[label] = double(rows) / (double(counts.size()) * double(count));
  }
  return weights;
}

void check_balance(const FinetuneOptions& options, const FinetuneData& data) {
  const task::Labels& labels = data.train.labels;
  if (names_weights_file(options.label_weights)) read_label_weights(options.label_weights, labels);
  if (!options.negatives) return;
  const std::string label = thinned_label(options, labels);
  labels.index(label, "--negative");
  for (const task::Example& example : data.train.examples) {
    if (example.label != label) return;
  }
  fail("jobs.finetune",
       fmt::format("{}: every training example has the label '{}', and --negatives counts them "
                   "against the others. Leave it out.",
                   data.train.name, label));
}

void balance_rows(const FinetuneOptions& options, const FinetuneData& data, FinetuneRows& rows,
                  const Context& context) {
  thin(options, data, rows, context);
  weigh(options, data, rows, context);
  tell_mostly_negative(options, data, rows, context);
}

}  // namespace relatum::jobs
