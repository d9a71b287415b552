// Texts through a network, and the classes of their spans.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/context.h"
#include "engine/worker.h"
#include "nn/span_rows.h"

namespace relatum::engine {

/// What the network reads of a text, and per word the token whose final state stands for it.
struct SpanText {
  std::vector<int32_t> tokens;
  std::vector<int64_t> words;  ///< at least one
};

/// A span of words, both inclusive, with the likeliest of its classes but for class 0.
struct ClassedWords {
  int32_t first = 0, last = 0, label = 0;
  double probability = 0;  ///< of that class: softmax over the classes that may be taken, and 0
  bool operator==(const ClassedWords&) const = default;
};

struct SpanSearch {
  int64_t batch_tokens = 2048;  ///< of a pass; a longer text stands alone
  /// Takes spans whose classes but 0 have this probability together, or more; nothing: those whose
  /// likeliest class is not 0.
  std::optional<double> from{};
  /// The classes that may be taken besides 0, in rising order: probabilities are those of a softmax
  /// over these and 0. Empty: all.
  std::vector<int32_t> classes{};
};

/// Per text of a batch the spans that are taken, by their first word, then by their length; ties
/// between classes go to the earlier one.
using TakeSpans = std::function<void(std::vector<std::vector<ClassedWords>>&& batch)>;

/// Batch after batch, in order; stops early where the context does. The worker has one adapter, or
/// none. Throws Error for a text that is longer than the model's context, and for one that gives
/// numbers which are not finite.
void find_spans(Worker& worker, const nn::SpanHead& head, std::span<const SpanText> texts,
                const SpanSearch& search, const TakeSpans& take, const Context& context);

/// Calls use(text, span, scores) for every span of the texts, which are computed in one pass:
/// the span's words from the text's first one, and the logarithms of its classes' probabilities;
/// none where the scores are not finite.
void each_span(
    Worker& worker, const nn::SpanHead& head, std::span<const SpanText> texts,
    const std::function<void(size_t text, nn::SpanPlace span, std::span<const double>)>& use);

}  // namespace relatum::engine
