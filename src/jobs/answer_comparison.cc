// Label by label, then the data's own figure.
#include "jobs/answer_comparison.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "base/error.h"
#include "jobs/answerer.h"
#include "task/evaluate.h"

namespace relatum::jobs {

std::vector<task::Prediction> answer_rows(const ExtractOptions& options, const ExtractSetup& setup,
                                          const ExtractRows& rows, const Host& host) {
  std::vector<task::Example> examples;
  rows.each([&](task::Example&& example) { examples.push_back(std::move(example)); });
  Answerer answerer(options, setup, rows.labels(), host);
  answerer.set_file(rows.file());
  auto answers = answerer.answer(examples);
  host.context.end_progress();
  return answers;
}

AnswerComparison compare_answers(const std::vector<task::Prediction>& before,
                                 const std::vector<task::Prediction>& after) {
  RELATUM_CHECK(before.size() == after.size());
  AnswerComparison result;
  double sum = 0;
  int64_t values = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    RELATUM_CHECK(before[i].id == after[i].id);
    if (before[i].scores.empty() || after[i].scores.empty()) continue;  // too long
    ++result.examples;
    result.other_answers += before[i].label != after[i].label;
    std::map<std::string, double> then(before[i].scores.begin(), before[i].scores.end());
    result.labels = std::max(result.labels, int64_t(then.size()));
    for (const auto& [label, probability] : after[i].scores) {
      const double difference = std::abs(probability - then.at(label));
      sum += difference;
      ++values;
      if (difference < result.largest) continue;
      result.largest = difference;
      result.largest_id = before[i].id;
      result.largest_label = label;
    }
  }
  result.mean = values ? sum / double(values) : 0.0;
  return result;
}

void score_answers(const ExtractOptions& options, const ExtractSetup& setup,
                   const std::vector<task::Prediction>& before,
                   const std::vector<task::Prediction>& after, const Host& host,
                   AnswerComparison& comparison) {
  DataChoice choice = options.data;
  choice.keep_unknown_labels = true;
  if (choice.labels.empty() && setup.labels) {
    choice.labels = (std::filesystem::path(options.adapter) / "labels.json").string();
  }
  const task::Dataset data = task::load_dataset(options.input, choice.options(true, host));
  const bool gold = std::ranges::all_of(
      data.examples, [](const task::Example& example) { return example.label.has_value(); });
  if (!gold) return;
  task::EvaluateOptions evaluate;
  evaluate.samples = 0;
  evaluate.negative = setup.run && !setup.run->negative.empty() ? std::optional(setup.run->negative)
                                                                : std::nullopt;
  const task::Report first = task::evaluate(data, before, evaluate);
  const task::Report second = task::evaluate(data, after, evaluate);
  comparison.official = first.official.title;
  if (first.official.scores) comparison.f1_before = first.official.scores->f1;
  if (second.official.scores) comparison.f1_after = second.official.scores->f1;
}

}  // namespace relatum::jobs
