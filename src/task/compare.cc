// Counts every file once, then draws texts for all of them together.
#include "task/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/error_sentence.h"
#include "task/join.h"
#include "task/metric.h"

namespace relatum::task {
namespace {

/// One file's answers as counts.
struct System {
  ScoredLabels scored;
  std::vector<std::vector<Cell>> cells;
  std::vector<bool> right;
  std::unique_ptr<Confusion> counts;
  std::unique_ptr<UnitCells> units;
  std::unique_ptr<UnitAccuracy> accuracy;
  Report report;
};

/// As join_predictions(), but says whose ids do not fit: there are several files.
std::vector<const Prediction*> join_file(const Dataset& data, const std::string& file,
                                         const std::vector<Prediction>& predictions,
                                         bool missing_is_wrong) {
  try {
    return join_predictions(data, predictions, missing_is_wrong);
  } catch (const Error& error) {
    fail("task.compare", fmt::format("{}: {}", file, sentence_of(error)));
  }
}

std::unique_ptr<System> count(const Dataset& data, const std::string& file,
                              const std::vector<Prediction>& predictions,
                              const std::vector<int64_t>& groups, const EvaluateOptions& options) {
  const auto joined = join_file(data, file, predictions, options.missing_is_wrong);
  auto system = std::make_unique<System>();
  EvaluateOptions plain = options;
  plain.samples = 0;
  plain.wrong_kept = 0;
  system->report = evaluate(data, predictions, plain);
  system->scored = index_labels(data, joined);
  const auto negative = negative_index(system->scored, options.negative);
  system->counts = std::make_unique<Confusion>(system->scored.labels, negative,
                                               system->scored.scope);
  for (size_t i = 0; i < joined.size(); ++i) {
    system->cells.push_back(cells_of(system->scored.gold[i], system->scored.predicted[i]));
    system->counts->add(system->cells.back());
    system->right.push_back(is_right(system->scored, i));
  }
  system->units = std::make_unique<UnitCells>(system->cells, groups);
  system->accuracy = std::make_unique<UnitAccuracy>(system->right, groups, system->units->units());
  return system;
}

using Systems = std::vector<std::unique_ptr<System>>;

Systems count_all(const Dataset& data, const Side& side, const std::vector<int64_t>& groups,
                  const EvaluateOptions& options) {
  Systems systems;
  for (size_t i = 0; i < side.runs.size(); ++i) {
    systems.push_back(count(data, side.files[i], side.runs[i], groups, options));
  }
  return systems;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / double(values.size());
}

/// The figures that both sides have, in the order in which they are told.
std::vector<const Metric*> applying(const Systems& first, const Systems& second) {
  std::vector<const Metric*> all;
  const std::string official = first[0]->report.official.name;
  all.push_back(&metric(official));
  all.push_back(nullptr);  // accuracy
  for (const Metric* each : metrics()) {
    const bool both = each->compute(*first[0]->counts) && each->compute(*second[0]->counts);
    const bool wanted = !each->wanted || each->wanted(*first[0]->counts);
    if (both && wanted && each->name != official) all.push_back(each);
  }
  return all;
}

/// The mean of a side's figures for one draw; their counts must stand in `drawn`.
double drawn_mean(const Metric* metric, const Systems& side,
                  const std::vector<std::unique_ptr<Confusion>>& drawn,
                  std::span<const int32_t> times) {
  double sum = 0;
  for (size_t i = 0; i < side.size(); ++i) {
    sum += metric ? metric->compute(*drawn[i]).value_or(Scores{}).f1 : side[i]->accuracy->of(times);
  }
  return sum / double(side.size());
}

std::vector<std::unique_ptr<Confusion>> empty_counts(const Systems& side) {
  std::vector<std::unique_ptr<Confusion>> all;
  for (const auto& system : side) {
    const Confusion& counts = *system->counts;
    all.push_back(std::make_unique<Confusion>(counts.labels(), counts.negative(), counts.scope()));
  }
  return all;
}

/// Differences of all draws, per figure.
std::vector<std::vector<double>> draw_differences(const Systems& first, const Systems& second,
                                                  const std::vector<const Metric*>& figures,
                                                  const EvaluateOptions& options) {
  std::vector<std::vector<double>> differences(figures.size());
  const auto of_first = empty_counts(first), of_second = empty_counts(second);
  const uint64_t units = first[0]->units->units();
  for (int64_t sample = 0; sample < options.samples; ++sample) {
    const std::vector<int32_t> times = draw_units(options.seed, sample, units);
    for (size_t i = 0; i < first.size(); ++i) first[i]->units->count(times, *of_first[i]);
    for (size_t i = 0; i < second.size(); ++i) second[i]->units->count(times, *of_second[i]);
    for (size_t f = 0; f < figures.size(); ++f) {
      differences[f].push_back(drawn_mean(figures[f], second, of_second, times) -
                               drawn_mean(figures[f], first, of_first, times));
    }
  }
  return differences;
}

double two_sided(const std::vector<double>& differences) {
  int64_t not_above = 1, not_below = 1;  // the figure itself is a draw like any other
  for (const double difference : differences) {
    not_above += difference <= 0;
    not_below += difference >= 0;
  }
  return std::min(1.0, 2 * double(std::min(not_above, not_below)) / double(differences.size() + 1));
}

FigureComparison compare_figure(const Metric* metric, const Systems& first, const Systems& second) {
  FigureComparison figure;
  figure.name = metric ? std::string(metric->name) : "accuracy";
  figure.title = metric ? std::string(metric->title) : "accuracy";
  const auto values = [&](const Systems& side) {
    std::vector<double> all;
    for (const auto& system : side) {
      all.push_back(metric ? metric->compute(*system->counts).value_or(Scores{}).f1
                           : system->report.accuracy);
    }
    return all;
  };
  figure.first = values(first);
  figure.second = values(second);
  figure.first_mean = mean_of(figure.first);
  figure.second_mean = mean_of(figure.second);
  figure.difference = figure.second_mean - figure.first_mean;
  if (figure.first.size() > 1) figure.first_spread = spread_of(figure.first);
  if (figure.second.size() > 1) figure.second_spread = spread_of(figure.second);
  figure.welch = welch(figure.first, figure.second);
  return figure;
}

PairedTest test_pair(const System& first, const System& second) {
  PairedTest pair;
  int64_t only_first = 0, only_second = 0;
  for (size_t i = 0; i < first.right.size(); ++i) {
    pair.both_right += first.right[i] && second.right[i];
    pair.both_wrong += !first.right[i] && !second.right[i];
    only_first += first.right[i] && !second.right[i];
    only_second += !first.right[i] && second.right[i];
  }
  pair.test = mcnemar(only_first, only_second);
  return pair;
}

std::vector<LabelComparison> compare_labels(const Systems& first, const Systems& second) {
  std::vector<LabelComparison> labels;
  for (const LabelReport& row : first[0]->report.per_label) {
    labels.push_back({row.label, row.support});
  }
  const auto add = [&](const Systems& side, double LabelComparison::*mean) {
    for (const auto& system : side) {
      for (size_t i = 0; i < labels.size(); ++i) {
        labels[i].*mean += system->report.per_label[i].scores.f1 / double(side.size());
      }
    }
  };
  add(first, &LabelComparison::first);
  add(second, &LabelComparison::second);
  return labels;
}

}  // namespace

Comparison compare(const Dataset& data, const Side& first, const Side& second,
                   const EvaluateOptions& options) {
  for (const Side* side : {&first, &second}) {
    RELATUM_CHECK(!side->runs.empty() && side->files.size() == side->runs.size());
  }
  if (data.examples.empty()) fail("task.compare", data.name + " holds no examples to compare on.");
  const std::vector<int64_t> groups = sentence_groups(data.examples);
  const Systems ones = count_all(data, first, groups, options);
  const Systems others = count_all(data, second, groups, options);
  Comparison result;
  result.data = data.name;
  result.examples = int64_t(data.examples.size());
  result.units = int64_t(ones[0]->units->units());
  result.samples = options.samples;
  result.seed = options.seed;
  result.first_files = first.files;
  result.second_files = second.files;
  const std::vector<const Metric*> figures = applying(ones, others);
  for (const Metric* each : figures) result.figures.push_back(compare_figure(each, ones, others));
  result.figures[0].official = true;
  if (options.samples > 0 && result.units > 1) {
    auto differences = draw_differences(ones, others, figures, options);
    for (size_t f = 0; f < figures.size(); ++f) {
      result.figures[f].p = two_sided(differences[f]);
      result.figures[f].interval = interval_of(std::move(differences[f]), uint64_t(result.units));
    }
  }
  for (size_t i = 0; ones.size() == others.size() && i < ones.size(); ++i) {
    result.pairs.push_back(test_pair(*ones[i], *others[i]));
    result.pairs.back().first = first.files[i];
    result.pairs.back().second = second.files[i];
  }
  result.per_label = compare_labels(ones, others);
  for (const Systems* side : {&ones, &others}) {
    for (const auto& system : *side) {
      for (const std::string& warning : system->report.warnings) {
        if (std::find(result.warnings.begin(), result.warnings.end(), warning) !=
            result.warnings.end()) {
          continue;
        }
        result.warnings.push_back(warning);
      }
    }
  }
  return result;
}

}  // namespace relatum::task
