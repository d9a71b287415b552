// The three ways of answering.
#include "task/answer_prompts.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/known_names.h"
#include "engine/generate.h"
#include "engine/score_labels.h"
#include "task/answer.h"
#include "task/classify_prompts.h"
#include "text/chat.h"

namespace relatum::task {
namespace {

using Rows = std::vector<std::vector<int32_t>>;

size_t adapter_of(const StyledPrompts& all, size_t prompt) {
  return all.adapters.empty() ? 0 : all.adapters[prompt];
}

/// Which labels a prompt may be answered with; empty: any.
const std::vector<bool>& mask_of(const StyledPrompts& all, size_t prompt) {
  static const std::vector<bool> kAny;
  return all.allowed.empty() ? kAny : all.allowed[prompt];
}

Rows tokenise(const engine::Session& session, const StyledPrompts& all) {
  const int64_t context = session.model().info().context;
  Rows rows;
  for (size_t i = 0; i < all.prompts.size(); ++i) {
    const Prompt& prompt = all.prompts[i];
    rows.push_back(prompt_row(session, prompt, all.styles[adapter_of(all, i)].chat));
    if (int64_t(rows.back().size()) < context) continue;
    fail("task.answer", fmt::format("example '{}': its prompt has {} tokens, the model's context "
                                    "is {}. Use a shorter prompt style, or leave the row out.",
                                    prompt.id, rows.back().size(), context));
  }
  return rows;
}

Prediction constrained(const AnswerStyle& style, const engine::LabelTrie::Choice& choice) {
  Prediction prediction;
  prediction.label = style.renderer->labels().name(choice.answer);
  prediction.probability = tempered(choice.probability, style.rule.temperature);
  prediction.answer = style.renderer->answers()[size_t(choice.answer)];
  return prediction;
}

engine::EdgeScores edges_for(AnswerMode mode) {
  switch (mode) {
    case AnswerMode::kShares: return engine::EdgeScores::kShares;
    case AnswerMode::kConstrained: return engine::EdgeScores::kGreedy;
    default: return engine::EdgeScores::kExact;
  }
}

void by_trie(engine::Worker& worker, const StyledPrompts& all, const Rows& rows,
             const AnswerOptions& options, const TakePredictions& take, const Context& context) {
  std::vector<engine::LabelTrie> tries;
  for (const AnswerStyle& style : all.styles) {
    tries.push_back(trie_of(worker.session(), *style.renderer));
  }
  const bool greedy = options.mode == AnswerMode::kConstrained;
  engine::ScoreOptions scoring{options.batch_tokens, options.negligible, edges_for(options.mode),
                               options.first};
  if (!all.allowed.empty()) {
    // What is negligible beside labels that a mask forbids need not be so without them, and the
    // likeliest way of all labels need not be that of the allowed ones.
    scoring.negligible = 0;
    if (greedy) scoring.edges = engine::EdgeScores::kShares;
  }
  size_t next = options.first;
  engine::score_batches(
      worker, {rows, all.adapters}, engine::AnswerTries(tries), scoring,
      [&](std::vector<std::vector<double>>&& batch) {
    std::vector<Prediction> predictions;
    for (const auto& edges : batch) {
      const size_t prompt = next++, adapter = adapter_of(all, prompt);
      const engine::LabelTrie& trie = tries[adapter];
      predictions.push_back(
          greedy ? constrained(all.styles[adapter], trie.greedy(edges, mask_of(all, prompt)))
                 : scored_prediction(all, prompt, trie.answer_scores(edges), options.keep_scores));
    }
    take(std::move(predictions));
      },
      context);
}

void by_generation(engine::Worker& worker, const StyledPrompts& all, const Rows& rows,
                   const AnswerOptions& options, const TakePredictions& take,
                   const Context& context) {
  std::vector<AnswerParser> parsers;
  for (const AnswerStyle& style : all.styles) {
    parsers.emplace_back(style.renderer->labels(), style.renderer->answers());
  }
  const engine::GenerateOptions generation{options.max_new_tokens, options.batch_tokens,
                                           options.first};
  size_t next = options.first;
  engine::generate_batches(
      worker, {rows, all.adapters}, generation,
      [&](std::vector<std::vector<int32_t>>&& batch) {
    std::vector<Prediction> predictions;
    for (const auto& tokens : batch) {
      const std::vector<bool>& allowed = mask_of(all, next);
      const size_t adapter = adapter_of(all, next++);
      Prediction& prediction = predictions.emplace_back();
      prediction.answer = worker.session().tokenizer().decode(tokens);
      const auto label = parsers[adapter].parse(prediction.answer);
      if (label && (allowed.empty() || allowed[size_t(*label)])) {
        prediction.label = all.styles[adapter].renderer->labels().name(*label);
      }
    }
    take(std::move(predictions));
      },
      context);
}

}  // namespace

Prediction scored_prediction(const StyledPrompts& all, size_t prompt,
                             std::vector<double> log_scores, bool keep) {
  const AnswerStyle& style = all.styles[adapter_of(all, prompt)];
  const PromptRenderer& renderer = *style.renderer;
  const AnswerRule& rule = style.rule;
  const std::vector<bool>& allowed = mask_of(all, prompt);
  for (size_t i = 0; i < allowed.size(); ++i) {
    if (!allowed[i]) log_scores[i] = -std::numeric_limits<double>::infinity();
  }
  const std::vector<double> probabilities = tempered(log_scores, rule.temperature);
  const std::vector<int32_t> chosen = chosen_labels(probabilities, rule);
  const auto likeliest = std::max_element(probabilities.begin(), probabilities.end());
  const size_t index = chosen.empty() ? size_t(likeliest - probabilities.begin())
                                      : size_t(chosen[0]);
  Prediction prediction;
  prediction.label = renderer.labels().name(int64_t(index));
  prediction.probability = probabilities[index];
  prediction.answer = renderer.answers()[index];
  if (rule.several) prediction.labels.emplace();
  for (const int32_t label : chosen) {
    if (!rule.several) break;
    prediction.labels->push_back(renderer.labels().name(label));
    prediction.label_probabilities.push_back(probabilities[size_t(label)]);
  }
  for (size_t i = 0; keep && i < probabilities.size(); ++i) {
    prediction.scores.emplace_back(renderer.labels().name(int64_t(i)), probabilities[i]);
  }
  return prediction;
}

AnswerMode parse_answer_mode(std::string_view name) {
  if (name == "scored") return AnswerMode::kScored;
  if (name == "shares") return AnswerMode::kShares;
  if (name == "constrained") return AnswerMode::kConstrained;
  if (name == "free") return AnswerMode::kFree;
  fail("task.answer",
       unknown_name("way to answer", name, {"scored", "shares", "constrained", "free"}));
}

std::vector<int32_t> prompt_row(const engine::Session& session, const Prompt& prompt, bool chat) {
  const text::Tokenizer& tokenizer = session.tokenizer();
  if (!chat) return engine::prompt_tokens(session, prompt.prompt, prompt.data);
  const text::ChatText wrapped = text::apply_chat(text::ChatTemplate::of(tokenizer), prompt.prompt,
                                                  prompt.data);
  return tokenizer.encode(wrapped.text, wrapped.data);
}

engine::LabelTrie trie_of(const engine::Session& session, const PromptRenderer& renderer) {
  Rows answers;
  for (const std::string& text : renderer.answers()) {
    answers.push_back(engine::completion_tokens(session.tokenizer(), " " + text));
  }
  return engine::LabelTrie(answers);
}

std::vector<Prediction> answer_prompts(engine::Worker& worker, const PromptRenderer& renderer,
                                       std::span<const Prompt> prompts,
                                       const AnswerOptions& options, const Context& context) {
  std::vector<Prediction> predictions;
  answer_batches(
      worker, renderer, prompts, options,
      [&](std::vector<Prediction>&& batch) {
    for (Prediction& prediction : batch) predictions.push_back(std::move(prediction));
      },
      context);
  return predictions;
}

void answer_batches(engine::Worker& worker, const StyledPrompts& prompts,
                    const AnswerOptions& options, const TakePredictions& take,
                    const Context& context) {
  RELATUM_CHECK(prompts.styles.size() == worker.adapters());
  size_t next = options.first;
  const auto named = [&](std::vector<Prediction>&& batch) {
    for (Prediction& prediction : batch) prediction.id = prompts.prompts[next++].id;
    take(std::move(batch));
  };
  if (prompts.styles[0].renderer->style().classifier) {
    return classify_prompts(worker, prompts, options, named, context);
  }
  const Rows rows = tokenise(worker.session(), prompts);
  const auto answer = options.mode == AnswerMode::kFree ? by_generation : by_trie;
  answer(worker, prompts, rows, options, named, context);
}

void answer_batches(engine::Worker& worker, const PromptRenderer& renderer,
                    std::span<const Prompt> prompts, const AnswerOptions& options,
                    const TakePredictions& take, const Context& context) {
  const AnswerStyle style{&renderer, options.chat, {}};
  answer_batches(worker, StyledPrompts{{&style, 1}, prompts, {}}, options, take, context);
}

int64_t longest_answer(const engine::Session& session, const PromptRenderer& renderer) {
  if (renderer.style().classifier) return 0;
  int64_t longest = 0;
  for (const std::string& answer : renderer.answers()) {
    const auto tokens = engine::completion_tokens(session.tokenizer(), " " + answer);
    longest = std::max(longest, int64_t(tokens.size()));
  }
  return longest;
}

}  // namespace relatum::task
