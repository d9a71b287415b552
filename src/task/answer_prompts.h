// From prompts to predictions: tokens, answers, labels.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "engine/label_trie.h"
#include "engine/worker.h"
#include "task/prediction.h"
#include "task/prompt.h"
#include "task/threshold.h"

namespace relatum::task {

enum class AnswerMode { kScored, kShares, kConstrained, kFree };

/// "scored", "shares", "constrained" or "free"; Error that lists them.
AnswerMode parse_answer_mode(std::string_view name);

struct AnswerOptions {
  AnswerMode mode = AnswerMode::kScored;
  int64_t max_new_tokens = 32;  ///< free answers
  int64_t batch_tokens = 2048;
  double negligible = 0;     ///< labels less probable need not be told apart (scored, shares)
  bool keep_scores = false;  ///< per label probabilities in the predictions (the same)
  bool chat = false;         ///< wrap prompts in the model's chat template
  /// Prompts before this one are left out: it is 0 or where a batch of an earlier call ended.
  size_t first = 0;
};

/// The tokens that the model reads for a prompt: of the prompt as it is, with BOS where the
/// tokenizer's configuration adds one; or, with `chat`, wrapped in the model's chat template.
std::vector<int32_t> prompt_row(const engine::Session& session, const Prompt& prompt, bool chat);

/// The renderer's answers as they follow a prompt, as one tree.
engine::LabelTrie trie_of(const engine::Session& session, const PromptRenderer& renderer);

/// Tokens of the longest of the renderer's answers, as they follow a prompt; 0 for a classifier's.
int64_t longest_answer(const engine::Session& session, const PromptRenderer& renderer);

/// One prediction per prompt, in order. scored: the sum of the log-probabilities of the
/// completion's tokens and the end token, softmax over the labels. shares: at each token its share
/// among those that some label still allows, multiplied up. constrained: greedy within the
/// labels' tree, the probability is the product of the choices among the open branches. free: plain
/// greedy generation, parsed by the rules of answer.h. Fewer where the context stops. Prompts of a
/// classifier's style: see classify_prompts.h.
std::vector<Prediction> answer_prompts(engine::Worker& worker, const PromptRenderer& renderer,
                                       std::span<const Prompt> prompts,
                                       const AnswerOptions& options, const Context& context);

/// How prompts of one of a worker's adapters were made: what they are answered with.
struct AnswerStyle {
  const PromptRenderer* renderer = nullptr;
  bool chat = false;  ///< wrap them in the model's chat template
  /// What becomes of probabilities; of constrained answers, the temperature alone: it divides the
  /// answer's log-odds, as the other labels' probabilities are not computed.
  AnswerRule rule{};
};

/// Prompts of several adapters: each is answered by the style of its own.
struct StyledPrompts {
  std::span<const AnswerStyle> styles;  ///< per adapter of the worker, in its order
  std::span<const Prompt> prompts;
  std::span<const uint32_t> adapters;  ///< per prompt; empty: all of the first
  /// Per prompt which of its adapter's labels it may be answered with (an empty mask: any); empty:
  /// all with any. Labels that a mask forbids have no probability in any mode, the others share
  /// what is left; a free answer that names one counts as none.
  std::span<const std::vector<bool>> allowed{};
};

/// What the mask and the rule of a prompt make of log-scores, one per label of its renderer;
/// `keep`: with the probabilities of all.
Prediction scored_prediction(const StyledPrompts& all, size_t prompt,
                             std::vector<double> log_scores, bool keep);

/// Takes the predictions of the next prompts.
using TakePredictions = std::function<void(std::vector<Prediction>&& batch)>;
/// The same, batch after batch; a batch has prompts of any adapters, in their order. Beginnings
/// that all prompts of one adapter share are computed once. The styles say whether a chat template
/// is used, not the options.
void answer_batches(engine::Worker& worker, const StyledPrompts& prompts,
                    const AnswerOptions& options, const TakePredictions& take,
                    const Context& context);
/// The same with one adapter.
void answer_batches(engine::Worker& worker, const PromptRenderer& renderer,
                    std::span<const Prompt> prompts, const AnswerOptions& options,
                    const TakePredictions& take, const Context& context);

}  // namespace relatum::task
