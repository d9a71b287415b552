// Joins by id, counts, and fills the report.
#include "task/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/error.h"
#include "base/rng.h"
#include "task/metric.h"
#include "task/utf8.h"

namespace relatum::task {
namespace {

constexpr size_t kNamed = 5;  // ids that an error lists
constexpr int kBins = 10;

std::string listed(const std::vector<std::string>& ids) {
  std::string text;
  for (size_t i = 0; i < std::min(ids.size(), kNamed); ++i)
    text += fmt::format("{}'{}'", i ? ", " : "", utf8_printable(ids[i]));
  if (ids.size() > kNamed) text += fmt::format(" and {} more", ids.size() - kNamed);
  return text;
}

/// Predictions in the order of the examples; nullptr where one is missing.
std::vector<const Prediction*> join(const Dataset& data, std::span<const Prediction> predictions,
                                    bool missing_is_wrong) {
  std::unordered_map<std::string_view, size_t> place;
  for (size_t i = 0; i < data.examples.size(); ++i) place.emplace(data.examples[i].id, i);
  std::vector<const Prediction*> joined(data.examples.size());
  std::vector<std::string> repeated, extra, missing;
  for (const Prediction& prediction : predictions) {
    const auto at = place.find(prediction.id);
    if (at == place.end())
      extra.push_back(prediction.id);
    else if (joined[at->second])
      repeated.push_back(prediction.id);
    else
      joined[at->second] = &prediction;
  }
  for (size_t i = 0; i < joined.size(); ++i)
    if (!joined[i]) missing.push_back(data.examples[i].id);
  if (!repeated.empty())
    fail("task.evaluate", fmt::format("the predictions answer {} more than once. Keep one answer "
                                      "per id.",
                                      listed(repeated)));
  if (!extra.empty())
    fail("task.evaluate", fmt::format("{} of {} predictions have ids that {} lacks: {}. Are they "
                                      "for other data?",
                                      extra.size(), predictions.size(), data.name, listed(extra)));
  if (!missing.empty() && !missing_is_wrong)
    fail("task.evaluate", fmt::format("{} of {} examples have no prediction: {}. Count them as "
                                      "wrong with --missing wrong.",
                                      missing.size(), joined.size(), listed(missing)));
  return joined;
}

/// Label indices of gold and prediction, row by row.
struct Answers {
  std::vector<int32_t> gold, predicted;
};

Answers index_answers(const Dataset& data, std::span<const Prediction* const> joined,
                      Labels& labels) {
  Answers answers;
  for (size_t i = 0; i < joined.size(); ++i) {
    const Example& example = data.examples[i];
    if (!example.label)
      fail("task.evaluate", fmt::format("{}: example '{}' (line {}) has no label to compare with. "
                                        "Evaluate on labelled data.",
                                        data.name, example.id, example.line));
    answers.gold.push_back(int32_t(labels.index(*example.label, data.name)));
    if (!joined[i] || !joined[i]->label) {
      answers.predicted.push_back(Confusion::kNone);
      continue;
    }
    const std::string& label = *joined[i]->label;
    if (data.open_labels) labels.add(label);
    const std::string place = fmt::format("the prediction for '{}' (line {})", joined[i]->id,
                                          joined[i]->line);
    answers.predicted.push_back(int32_t(labels.index(label, place)));
  }
  return answers;
}

std::optional<int32_t> negative_index(const Labels& labels, const EvaluateOptions& options) {
  if (options.negative) return int32_t(labels.index(*options.negative, "--negative"));
  if (const auto name = negative_label(labels)) return int32_t(*labels.find(*name));
  return std::nullopt;
}

void describe_labels(const Confusion& confusion, Report& report) {
  const Labels& labels = confusion.labels();
  for (int32_t g = 0; g < confusion.size(); ++g) {
    LabelReport row;
    row.label = labels.name(g);
    row.support = confusion.gold_count(g);
    row.predicted = confusion.predicted_count(g);
    row.scores = scores_of(confusion.at(g, g), row.predicted, row.support);
    report.per_label.push_back(row);
    report.matrix.emplace_back();
    for (int32_t p = 0; p <= confusion.size(); ++p) {
      const bool none = p == confusion.size();
      const int64_t count = confusion.at(g, none ? Confusion::kNone : p);
      report.matrix.back().push_back(count);
      if (count > 0 && p != g)
        report.worst.push_back({labels.name(g), none ? "" : labels.name(p), count});
    }
  }
  std::stable_sort(report.worst.begin(), report.worst.end(),
                   [](const ConfusedPair& a, const ConfusedPair& b) { return a.count > b.count; });
}

std::optional<Calibration> calibrate(std::span<const Prediction* const> joined,
                                     const Answers& answers) {
  Calibration result;
  for (int b = 0; b < kBins; ++b)
    result.bins.push_back({b / double(kBins), (b + 1) / double(kBins)});
  for (size_t i = 0; i < joined.size(); ++i) {
    if (!joined[i] || !joined[i]->label || !joined[i]->probability) continue;
    const double p = *joined[i]->probability;
    if (!(p >= 0 && p <= 1))
      fail("task.evaluate", fmt::format("the prediction for '{}' (line {}) has probability {}: "
                                        "expected 0 to 1.",
                                        joined[i]->id, joined[i]->line, p));
    CalibrationBin& bin = result.bins[size_t(std::min(int(p * kBins), kBins - 1))];
    bin.mean_probability += p;
    bin.accuracy += answers.gold[i] == answers.predicted[i];
    ++bin.count;
    ++result.count;
  }
  if (result.count == 0) return std::nullopt;
  for (CalibrationBin& bin : result.bins) {
    if (bin.count == 0) continue;
    bin.mean_probability /= double(bin.count);
    bin.accuracy /= double(bin.count);
    result.expected_error += double(bin.count) / double(result.count) *
                             std::abs(bin.accuracy - bin.mean_probability);
  }
  return result;
}

/// The value below which `share` of the sorted values lie, interpolated.
double percentile(const std::vector<double>& sorted, double share) {
  const double place = share * double(sorted.size() - 1);
  const auto low = size_t(place);
  const size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (place - double(low)) * (sorted[high] - sorted[low]);
}

}  // namespace

Interval bootstrap(const Confusion& confusion, std::span<const int32_t> gold,
                   std::span<const int32_t> predicted, const EvaluateOptions& options) {
  RELATUM_CHECK(!gold.empty() && options.samples > 0);
  const Metric& official = official_metric(confusion);
  Confusion drawn(confusion.labels(), confusion.negative());
  std::vector<double> figures;
  for (int64_t sample = 0; sample < options.samples; ++sample) {
    const Rng rng(options.seed, uint64_t(sample));
    drawn.clear();
    for (size_t i = 0; i < gold.size(); ++i) {
      const size_t row = rng.below(i, gold.size());
      drawn.add(gold[row], predicted[row]);
    }
    figures.push_back(official.compute(drawn).value_or(Scores{}).f1);
  }
  std::sort(figures.begin(), figures.end());
  Interval interval;
  interval.low = percentile(figures, (1 - interval.level) / 2);
  interval.high = percentile(figures, (1 + interval.level) / 2);
  interval.samples = options.samples;
  return interval;
}

Report evaluate(const Dataset& data, std::span<const Prediction> predictions,
                const EvaluateOptions& options) {
  if (data.examples.empty()) fail("task.evaluate", data.name + " holds no examples to evaluate.");
  const auto joined = join(data, predictions, options.missing_is_wrong);
  Labels labels = data.labels;
  const Answers answers = index_answers(data, joined, labels);
  const std::optional<int32_t> negative = negative_index(labels, options);
  const Confusion confusion(labels, negative, answers.gold, answers.predicted);

  Report report;
  report.data = data.name;
  report.examples = confusion.total();
  report.unparsed = confusion.unparsed();
  report.missing = std::count(joined.begin(), joined.end(), nullptr);
  report.accuracy = double(confusion.correct()) / double(report.examples);
  for (const Metric* each : metrics())
    report.metrics.push_back(
        {std::string(each->name), std::string(each->title), each->compute(confusion)});
  const Metric& official = official_metric(confusion);
  report.official = {std::string(official.name), std::string(official.title),
                     official.compute(confusion)};
  if (negative) report.negative = labels.name(*negative);
  describe_labels(confusion, report);
  if (options.samples > 0)
    report.interval = bootstrap(confusion, answers.gold, answers.predicted, options);
  report.calibration = calibrate(joined, answers);
  return report;
}

}  // namespace relatum::task
