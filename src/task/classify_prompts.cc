// The outputs of the labels that may be answered.
#include "task/classify_prompts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace relatum::task {

namespace {

// Labels that a mask forbids have no probability; an empty mask forbids none.
void forbid(const std::vector<bool>& allowed, std::vector<double>& log_scores) {
  for (size_t i = 0; i < allowed.size(); ++i) {
    if (!allowed[i]) log_scores[i] = -std::numeric_limits<double>::infinity();
  }
}

}  // namespace

std::vector<size_t> outputs_of(const Labels& labels, const ClassifierStyle& style) {
  std::vector<size_t> outputs;
  for (const std::string& label : labels.names()) {
    const auto found = std::ranges::find(style.classes, label);
    if (found == style.classes.end()) {
      fail("task.classifier", fmt::format("the classifier was not trained on the label '{}', so it "
                                          "has no output for it. Leave it out of --labels.",
                                          label));
    }
    outputs.push_back(size_t(found - style.classes.begin()));
  }
  return outputs;
}

std::vector<std::vector<double>> class_scores(engine::Worker& worker,
                                              const PromptRenderer& renderer,
                                              std::span<const Prompt> prompts,
                                              const AnswerOptions& options,
                                              const Context& context) {
  const ClassifierStyle& style = *renderer.style().classifier;
  const std::vector<size_t> outputs = outputs_of(renderer.labels(), style);
  std::vector<engine::ClassifierRow> rows;
  for (const Prompt& prompt : prompts) {
    rows.push_back(classifier_row(worker.session(), prompt, style.markers));
  }
  std::vector<std::vector<double>> all;
  engine::classify_batches(
      worker, rows, {options.batch_tokens, options.first},
      [&](std::vector<std::vector<double>>&& batch) {
    for (const std::vector<double>& classes : batch) {
      std::vector<double>& scores = all.emplace_back();
      double sum = 0;
      for (const size_t output : outputs) sum += std::exp(classes[output]);
      for (const size_t output : outputs) scores.push_back(classes[output] - std::log(sum));
    }
      },
      context);
  return all;
}

void classify_prompts(engine::Worker& worker, const StyledPrompts& prompts,
                      const AnswerOptions& options, const TakePredictions& take,
                      const Context& context) {
  const PromptRenderer& renderer = *prompts.styles[0].renderer;
  const ClassifierStyle& style = *renderer.style().classifier;
  const Labels& labels = renderer.labels();
  const std::vector<size_t> outputs = outputs_of(labels, style);
  std::vector<engine::ClassifierRow> rows;
  for (const Prompt& prompt : prompts.prompts) {
    rows.push_back(classifier_row(worker.session(), prompt, style.markers));
  }
  size_t next = options.first;
  engine::classify_batches(
      worker, rows, {options.batch_tokens, options.first},
      [&](std::vector<std::vector<double>>&& batch) {
    std::vector<Prediction> predictions;
    for (const std::vector<double>& classes : batch) {
      std::vector<double> scores;
      for (const size_t output : outputs) scores.push_back(classes[output]);
      if (!prompts.allowed.empty()) forbid(prompts.allowed[next], scores);
      predictions.push_back(
          scored_prediction(renderer, scores, prompts.styles[0].rule, options.keep_scores));
      ++next;
    }
    take(std::move(predictions));
      },
      context);
}

}  // namespace relatum::task
