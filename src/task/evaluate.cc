// Joins by id, counts, and fills the report.
#include "task/evaluate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/printable.h"
#include "task/dataset.h"
#include "task/forms.h"
#include "task/join.h"
#include "task/judged_predictions.h"
#include "task/metric.h"

namespace relatum::task {
namespace {

using Joined = std::vector<const Prediction*>;

const Metric& choose_official(const Confusion& confusion, const Dataset& data,
                              const std::optional<std::string>& given) {
  if (!given) return official_metric(confusion, named_official(data));
  const Metric& chosen = metric(*given);
  if (chosen.compute(confusion)) return chosen;
  std::string others;
  for (const Metric* each : metrics()) {
    if (each->compute(confusion)) {
      others += fmt::format("{}{}", others.empty() ? "" : ", ", each->name);
    }
  }
  fail("task.evaluate", fmt::format("--official {}: this figure does not apply to the labels of "
                                    "{}. Those that do: {}.",
                                    *given, data.name, others));
}

void describe_labels(const Confusion& confusion, Report& report) {
  const Labels& labels = confusion.labels();
  for (int32_t i = 0; i < confusion.scope().known; ++i) {
    LabelReport row;
    row.label = labels.name(i);
    row.support = confusion.gold_count(i);
    row.predicted = confusion.predicted_count(i);
    row.scores = scores_of(confusion.at(i, i), row.predicted, row.support);
    report.per_label.push_back(row);
  }
  const auto name = [&](int32_t label) {
    return label == Confusion::kNone ? std::string() : labels.name(label);
  };
  report.counts = confusion.entries();
  for (const auto& [cell, count] : report.counts) {
    if (cell.gold != cell.predicted) {
      report.worst.push_back({name(cell.gold), name(cell.predicted), count});
    }
  }
  std::stable_sort(report.worst.begin(), report.worst.end(),
                   [](const ConfusedPair& a, const ConfusedPair& b) { return a.count > b.count; });
}

/// Keeps the most confident wrong answers; those without a probability come last, in file order.
void keep_wrong(const Dataset& data, const Joined& joined, const ScoredLabels& scored, size_t limit,
                Report& report) {
  std::vector<size_t> wrong;
  for (size_t i = 0; i < joined.size(); ++i) {
    if (!is_right(scored, i)) wrong.push_back(i);
  }
  report.wrong_count = int64_t(wrong.size());
  report.right = report.examples - report.wrong_count;
  const auto confidence = [&](size_t i) {
    return scored.predicted[i].empty() ? -1.0 : joined[i]->probability.value_or(-0.5);
  };
  std::stable_sort(wrong.begin(), wrong.end(),
                   [&](size_t a, size_t b) { return confidence(a) > confidence(b); });
  wrong.resize(std::min(wrong.size(), limit));
  for (const size_t i : wrong) {
    WrongAnswer answer{data.examples[i], {}, {}, {}};
    for (const int32_t label : scored.predicted[i]) {
      answer.predicted.push_back(scored.labels.name(label));
    }
    if (joined[i]) answer.probability = joined[i]->probability;
    if (joined[i] && answer.predicted.empty()) answer.answer = joined[i]->answer;
    report.wrong.push_back(std::move(answer));
  }
}

double exact_match(const ScoredLabels& scored) {
  int64_t same = 0;
  for (size_t i = 0; i < scored.gold.size(); ++i) {
    std::vector<int32_t> gold = scored.gold[i], answers = scored.predicted[i];
    std::sort(gold.begin(), gold.end());
    std::sort(answers.begin(), answers.end());
    same += gold == answers;
  }
  return double(same) / double(scored.gold.size());
}

NamedScores named(const Metric& metric, const Confusion& confusion) {
  NamedScores scores{std::string(metric.name), std::string(metric.title),
                     metric.compute(confusion)};
  scores.note = metric.note;
  scores.wanted = scores.scores && (!metric.wanted || metric.wanted(confusion));
  return scores;
}

/// Of all figures, from the same draws.
void add_intervals(const Confusion& confusion, std::span<const std::vector<Cell>> cells,
                   const ScoredLabels& scored, const std::vector<int64_t>& groups,
                   const EvaluateOptions& options, Report& report) {
  std::vector<bool> right;
  for (size_t i = 0; i < cells.size(); ++i) right.push_back(is_right(scored, i));
  const auto all = bootstrap_all(confusion, cells, right, groups, {options.samples, options.seed});
  if (!all) return;
  for (size_t m = 0; m < report.metrics.size(); ++m) {
    report.metrics[m].interval = all->metrics[m];
    if (report.metrics[m].name == report.official.name) report.interval = all->metrics[m];
  }
  report.official.interval = report.interval;
  report.accuracy_interval = all->accuracy;
}

}  // namespace

std::string_view named_official(const Dataset& data) {
  return data.format.empty() ? "" : dataset_format(data.format).official;
}

Report evaluate(const Dataset& data, std::span<const Prediction> predictions,
                const EvaluateOptions& options) {
  if (data.examples.empty()) fail("task.evaluate", data.name + " holds no examples to evaluate.");
  const Joined joined = join_predictions(data, predictions, options.missing_is_wrong);
  const ScoredLabels scored = index_labels(data, joined);
  const std::optional<int32_t> negative = negative_index(scored, options.negative);
  Confusion confusion(scored.labels, negative, scored.scope);
  std::vector<std::vector<Cell>> cells;
  for (size_t i = 0; i < joined.size(); ++i) {
    cells.push_back(cells_of(scored.gold[i], scored.predicted[i]));
    confusion.add(cells.back());
  }

  Report report;
  report.data = data.name;
  report.examples = int64_t(joined.size());
  report.gold_labels = confusion.golds();
  for (size_t i = 0; i < joined.size(); ++i) {
    report.unparsed += joined[i] && scored.predicted[i].empty();
  }
  report.missing = std::count(joined.begin(), joined.end(), nullptr);
  keep_wrong(data, joined, scored, options.wrong_kept, report);
  report.accuracy = double(report.right) / double(report.examples);
  for (const Metric* each : metrics()) report.metrics.push_back(named(*each, confusion));
  const Metric& official = choose_official(confusion, data, options.official);
  report.official = named(official, confusion);
  if (negative) report.negative = scored.labels.name(*negative);
  report.outside = scored.outside;
  report.warnings = label_warnings(scored, options.negative);
  describe_labels(confusion, report);
  report.errors = count_errors(scored, negative);
  report.undirected = score_undirected(scored, negative);
  report.exact_match = exact_match(scored);
  if (options.samples > 0) {
    add_intervals(confusion, cells, scored, sentence_groups(data.examples), options, report);
  }
  report.calibration = calibrate(data, joined);
  report.curve = threshold_curve_of(scored, joined, negative);
  return report;
}

}  // namespace relatum::task
