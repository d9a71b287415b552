// The outputs of the labels that may be answered.
#include "task/classify_prompts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace relatum::task {
namespace {

// Pairs that follow one another and are of one text share it.
std::vector<engine::PairText> pair_texts(const engine::Session& session, const PairReading& reading,
                                         std::span<const Prompt> prompts) {
  constexpr size_t kMostPairs = 4096;  // whose features a pass holds
  std::vector<engine::PairText> texts;
  std::string text;
  ReadWords words;
  for (const Prompt& prompt : prompts) {
    const ReadPair pair = read_pair(reading, prompt);
    const bool same = !texts.empty() && pair.text == text;
    if (!same) {
      text = pair.text;
      words = reading.read(session, text);
    }
    if (!same || texts.back().pairs.size() == kMostPairs) {
      texts.push_back({words.text.tokens, words.text.words, {}});
    }
    texts.back().pairs.push_back(pair.place(words));
  }
  return texts;
}

// Batch after batch, per prompt the log-probabilities of the outputs of the renderer's labels.
void score_batches(engine::Worker& worker, const PromptRenderer& renderer,
                   std::span<const Prompt> prompts, const AnswerOptions& options,
                   const engine::TakeClasses& take, const Context& context) {
  const ClassifierStyle& style = *renderer.style().classifier;
  const std::vector<size_t> outputs = outputs_of(renderer.labels(), style);
  const engine::TakeClasses chosen = [&](std::vector<std::vector<double>>&& batch) {
    for (std::vector<double>& classes : batch) {
      std::vector<double> scores;
      for (const size_t output : outputs) scores.push_back(classes[output]);
      classes = std::move(scores);
    }
    take(std::move(batch));
  };
  if (style.pairs) {
    const auto texts = pair_texts(worker.session(), *style.pairs, prompts.subspan(options.first));
    engine::classify_pairs(worker, texts, options.batch_tokens, chosen, context);
    return;
  }
  std::vector<engine::ClassifierRow> rows;
  for (const Prompt& prompt : prompts) {
    rows.push_back(classifier_row(worker.session(), prompt, style.markers));
  }
  engine::classify_batches(worker, rows, {options.batch_tokens, options.first}, chosen, context);
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
  std::vector<std::vector<double>> all;
  score_batches(
      worker, renderer, prompts, options,
      [&](std::vector<std::vector<double>>&& batch) {
    for (std::vector<double>& scores : batch) all.push_back(engine::log_softmax(std::move(scores)));
      },
      context);
  return all;
}

void classify_prompts(engine::Worker& worker, const StyledPrompts& prompts,
                      const AnswerOptions& options, const TakePredictions& take,
                      const Context& context) {
  size_t next = options.first;
  score_batches(
      worker, *prompts.styles[0].renderer, prompts.prompts, options,
      [&](std::vector<std::vector<double>>&& batch) {
    std::vector<Prediction> predictions;
    for (std::vector<double>& scores : batch) {
      predictions.push_back(
          scored_prediction(prompts, next++, std::move(scores), options.keep_scores));
    }
    take(std::move(predictions));
      },
      context);
}

}  // namespace relatum::task
