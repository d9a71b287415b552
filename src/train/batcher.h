// Cuts rows of tokens into optimiser steps and micro-batches, reproducibly.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "arch/model.h"
#include "nn/batch.h"
#include "nn/pair_features.h"
#include "nn/span_rows.h"

namespace relatum::train {

/// A span of words, both inclusive, and its class.
struct ClassedSpan {
  int32_t first = 0, last = 0, label = 0;
};

/// Two spans of words, their label, and what its loss weighs.
struct ClassedPair {
  nn::PairPlace place;
  int32_t label = 0;
  float weight = 1;
};

/// A prompt and its completion; the loss is on tokens [prompt_length, size). Or what a classifier
/// reads; the loss is on its class. Or a text whose spans are classified; the loss is on the class
/// of each span of at most BatchOptions::widest words, and of pairs of spans, where it has some.
/// Texts and one of the other two may be mixed.
struct TrainRow {
  std::vector<int32_t> tokens;
  int64_t prompt_length = 0;
  float weight = 1;               ///< of each of those tokens' losses, or of the class's
  int32_t label = -1;             ///< the class; -1: a prompt and its completion
  std::array<int64_t, 2> read{};  ///< tokens whose states the classifier reads
  /// Of a text: per word the token whose state is read; none: it is one of the others.
  std::vector<int64_t> words{};
  std::vector<ClassedSpan> spans{};  ///< distinct, at most `widest` words; others have class 0
  std::vector<ClassedPair> pairs{};
  /// Rows of one group stay together in every epoch; -1: a row by itself.
  int64_t group = -1;

  bool classified() const { return label >= 0; }
  bool has_spans() const { return !words.empty(); }
};

/// Rows of which each epoch has only a part, drawn anew.
struct Thinning {
  std::vector<int64_t> rows;  ///< ascending numbers
  int64_t kept = 0;           ///< so many of them in an epoch
};

/// Row numbers of one optimiser step.
using StepRows = std::vector<int64_t>;

struct BatchOptions {
  int64_t batch_tokens = 2048;  ///< tokens computed per optimiser step, shared ones once
  int64_t micro_tokens = 2048;  ///< tokens computed at once
  bool share = true;            ///< compute shared beginnings once
  /// Of an encoder-decoder: prompts are encoded, each by itself, so that they share nothing, and
  /// completions follow this token.
  std::optional<int32_t> decoder_start{};
  bool causal = true;  ///< false: rows are an encoder's
  int64_t widest = 0;  ///< words of the longest span that is looked at, where rows have spans
  Thinning thinned{};
};

/// The options as they hold for a model.
BatchOptions batches_of(const arch::ModelInfo& info, BatchOptions options);

/// Tokens at once for a run whose user names none: 2,048, in f32 1,024, whose rows take twice the
/// room in the cache and in memory.
int64_t default_micro_tokens(DType compute);

/// Tokens of a step for a run whose user names none: an epoch then has about a hundred steps, of
/// at least a row and at most 512 tokens each (both without what all rows share, which is added).
/// 512 did best on 8,000 sentences of SemEval-2010 (lab/semeval), 192 on examples/corpus's 420.
int64_t automatic_batch_tokens(std::span<const TrainRow> rows, bool share,
                               const Thinning& thinned = {}, uint64_t seed = 1);

/// The rows that an epoch has, ascending: all of `count`, but of thinned ones those that are drawn
/// for (seed, epoch).
std::vector<int64_t> epoch_rows(int64_t count, const Thinning& thinned, uint64_t seed,
                                int64_t epoch);
/// The steps of one epoch: a permutation of its rows and groups that depends on (seed, epoch)
/// alone, cut where the next row would exceed the budget. No row is dropped.
std::vector<StepRows> plan_epoch(std::span<const TrainRow> rows, const BatchOptions& options,
                                 uint64_t seed, int64_t epoch);
/// A step's rows in pieces of at most micro_tokens (a longer row stands alone), texts before
/// others.
std::vector<StepRows> micro_batches(std::span<const TrainRow> rows, const StepRows& step,
                                    const BatchOptions& options);

/// What a forward pass needs: the batch, which states predict a target, and the targets.
struct TrainBatch {
  nn::TokenBatch batch;
  std::vector<int64_t> predicting;  ///< tokens whose state predicts a target
  std::vector<int32_t> targets;
  std::vector<float> weights;  ///< of the targets' losses; empty where each weighs 1
  /// For dropout's masks: of a classifier, whose targets have two states each, a key per row; of
  /// texts a key per word.
  std::vector<uint64_t> keys{};
  /// Of texts, whose `predicting` are the words: the span of each target.
  std::vector<nn::SpanPlace> spans{};
  /// Of texts with pairs: their places, labels and weights.
  std::vector<nn::PairPlace> pairs{};
  std::vector<int32_t> pair_labels{};
  std::vector<float> pair_weights{};
};

/// Builds the tree of the given rows; prompts' shared beginnings stand once where asked for.
TrainBatch build_batch(std::span<const TrainRow> rows, const StepRows& chosen,
                       const BatchOptions& options);

}  // namespace relatum::train
