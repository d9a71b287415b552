// The three ways of answering.
#include "task/pipeline.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "engine/generate.h"
#include "engine/score_labels.h"
#include "task/answer.h"
#include "text/chat.h"

namespace relatum::task {
namespace {

std::vector<std::vector<int32_t>> tokenise(const engine::Session& session,
                                           std::span<const Prompt> prompts, bool chat) {
  const int64_t context = session.model().info().context;
  std::vector<std::vector<int32_t>> rows;
  for (const Prompt& prompt : prompts) {
    rows.push_back(prompt_row(session, prompt, chat));
    if (int64_t(rows.back().size()) < context) continue;
    fail("task.answer", fmt::format("example '{}': its prompt has {} tokens, the model's context "
                                    "is {}. Use a shorter prompt style, or leave the row out.",
                                    prompt.id, rows.back().size(), context));
  }
  return rows;
}

Prediction scored(const PromptRenderer& renderer, const std::vector<double>& log_scores,
                  bool keep) {
  const auto probabilities = engine::softmax(log_scores);
  const auto best = std::max_element(probabilities.begin(), probabilities.end());
  const auto index = best - probabilities.begin();
  Prediction prediction;
  prediction.label = renderer.labels().name(index);
  prediction.probability = *best;
  prediction.answer = renderer.answers()[size_t(index)];
  for (size_t i = 0; keep && i < probabilities.size(); ++i) {
    prediction.scores.emplace_back(renderer.labels().name(int64_t(i)), probabilities[i]);
  }
  return prediction;
}

Prediction constrained(const PromptRenderer& renderer, const engine::LabelTrie::Choice& choice) {
  Prediction prediction;
  prediction.label = renderer.labels().name(choice.answer);
  prediction.probability = choice.probability;
  prediction.answer = renderer.answers()[size_t(choice.answer)];
  return prediction;
}

engine::EdgeScores edges_for(AnswerMode mode) {
  switch (mode) {
    case AnswerMode::kShares: return engine::EdgeScores::kShares;
    case AnswerMode::kConstrained: return engine::EdgeScores::kGreedy;
    default: return engine::EdgeScores::kExact;
  }
}

std::vector<Prediction> by_trie(engine::Worker& worker, const PromptRenderer& renderer,
                                std::span<const std::vector<int32_t>> rows,
                                const AnswerOptions& options, const Context& context) {
  std::vector<std::vector<int32_t>> answers;
  for (const std::string& text : renderer.answers()) {
    answers.push_back(engine::completion_tokens(worker.session().tokenizer(), " " + text));
  }
  const engine::LabelTrie trie(answers);
  std::vector<Prediction> predictions;
  const engine::ScoreOptions scoring{options.batch_tokens, options.negligible,
                                     edges_for(options.mode)};
  const bool greedy = scoring.edges == engine::EdgeScores::kGreedy;
  for (const auto& edges : engine::score_edges(worker, rows, trie, scoring, context)) {
    predictions.push_back(greedy ? constrained(renderer, trie.greedy(edges))
                                 : scored(renderer, trie.answer_scores(edges),
                                          options.keep_scores));
  }
  return predictions;
}

std::vector<Prediction> by_generation(engine::Worker& worker, const PromptRenderer& renderer,
                                      std::span<const std::vector<int32_t>> rows,
                                      const AnswerOptions& options, const Context& context) {
  const AnswerParser parser(renderer.labels(), renderer.answers());
  std::vector<Prediction> predictions;
  const engine::GenerateOptions generation{options.max_new_tokens, options.batch_tokens};
  for (const auto& tokens : engine::generate(worker, rows, generation, context)) {
    Prediction prediction;
    prediction.answer = worker.session().tokenizer().decode(tokens);
    if (const auto label = parser.parse(prediction.answer)) {
      prediction.label = renderer.labels().name(*label);
    }
    predictions.push_back(std::move(prediction));
  }
  return predictions;
}

}  // namespace

AnswerMode parse_answer_mode(std::string_view name) {
  if (name == "scored") return AnswerMode::kScored;
  if (name == "shares") return AnswerMode::kShares;
  if (name == "constrained") return AnswerMode::kConstrained;
  if (name == "free") return AnswerMode::kFree;
  fail("task.answer", fmt::format("unknown way to answer '{}'. Use scored, shares, constrained or "
                                  "free.", name));
}

std::vector<int32_t> prompt_row(const engine::Session& session, const Prompt& prompt, bool chat) {
  const text::Tokenizer& tokenizer = session.tokenizer();
  if (!chat) return engine::prompt_tokens(tokenizer, prompt.prompt, prompt.data);
  const text::ChatText wrapped =
      text::apply_chat(text::recognise_chat(tokenizer), prompt.prompt, prompt.data);
  return tokenizer.encode(wrapped.text, wrapped.data);
}

std::vector<Prediction> answer_prompts(engine::Worker& worker, const PromptRenderer& renderer,
                                       std::span<const Prompt> prompts,
                                       const AnswerOptions& options, const Context& context) {
  const auto rows = tokenise(worker.session(), prompts, options.chat);
  auto predictions = options.mode == AnswerMode::kFree
                         ? by_generation(worker, renderer, rows, options, context)
                         : by_trie(worker, renderer, rows, options, context);
  for (size_t i = 0; i < predictions.size(); ++i) predictions[i].id = prompts[i].id;
  return predictions;
}

int64_t longest_answer(const engine::Session& session, const PromptRenderer& renderer) {
  int64_t longest = 0;
  for (const std::string& answer : renderer.answers()) {
    const auto tokens = engine::completion_tokens(session.tokenizer(), " " + answer);
    longest = std::max(longest, int64_t(tokens.size()));
  }
  return longest;
}

}  // namespace relatum::task
