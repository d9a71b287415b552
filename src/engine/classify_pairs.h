// Texts through a network, and the labels of pairs of their spans.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.h"
#include "engine/classify.h"
#include "engine/find_spans.h"
#include "nn/pair_features.h"

namespace relatum::engine {

/// What the network reads of a text, and the pairs of its words that are asked.
struct PairText {
  std::vector<int32_t> tokens;
  std::vector<int64_t> words;        ///< per word the token whose final state stands for it
  std::vector<nn::PairPlace> pairs;  ///< by words; at least one
};

/// Batch after batch of at most `batch_tokens` tokens (a longer text stands alone), in order: per
/// pair the logarithms of the labels' probabilities. Stops early where the context does. The worker
/// has one adapter, which names the classifier (nn::LoraSet::pairs). Throws Error for a text that
/// is longer than the model's context, and for one that gives numbers which are not finite.
void classify_pairs(Worker& worker, std::span<const PairText> texts, int64_t batch_tokens,
                    const TakeClasses& take, const Context& context);

}  // namespace relatum::engine
