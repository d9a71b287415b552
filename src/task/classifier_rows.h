// What a classifier reads of a sentence: its tokens with a marker at either side of both entities.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/classify.h"
#include "engine/classify_pairs.h"
#include "task/prompt.h"

namespace relatum::task {

/// Tokens that stand before and behind the head, and before and behind the tail.
using MarkerTokens = std::array<int32_t, 4>;

/// A text as its words are read, and each word's bytes, [begin, end).
struct ReadWords {
  engine::SpanText text;
  std::vector<std::pair<size_t, size_t>> bytes;
};

/// How the pairs of a text are read from one pass over it (nn/pair_features.h).
struct PairReading {
  std::vector<std::string> types;  ///< of entities that the head knows; the first one's number is 1
  std::function<ReadWords(const engine::Session&, std::string_view text)> read;
};

/// What a classifier's rows are made with, and what its outputs mean.
struct ClassifierStyle {
  MarkerTokens markers{};                      ///< of pairs that are read by themselves
  std::shared_ptr<const PairReading> pairs{};  ///< nullptr: a pair's sentence has its marks
  std::vector<std::string> classes;            ///< labels, in the order of the outputs
};

/// The tokens of "[", "]", "{" and "}", as markers. Throws Error where the vocabulary lacks one.
MarkerTokens symbol_tokens(const text::Tokenizer& tokenizer);
/// Tokens that markers of their own begin like: those symbols, and the unknown token for one that
/// the vocabulary lacks.
MarkerTokens tokens_like_symbols(const text::Tokenizer& tokenizer);

/// The sentence with its marks as a style, under which prompts are rendered; it says by
/// PromptStyle::classifier that they are classified.
PromptStyle classifier_style(ClassifierStyle style);
/// The same of pairs that are read from a text without marks; its first two lines are their types.
PromptStyle pair_style(std::vector<std::string> classes, std::shared_ptr<const PairReading> pairs);
inline constexpr const char* kPairStyle = "pairs-of-sentence";
inline constexpr const char* kClassifierStyle = "marked-sentence";
/// The sentence alone, in whose words entities are looked for.
PromptStyle text_style();
inline constexpr const char* kTextStyle = "sentence";

/// The row of a prompt in that style. An encoder reads the sentence, and the classifier the states
/// of the two markers before the entities (Baldini Soares et al. 2019, arXiv 1906.03158, "entity
/// start"). A decoder's states know nothing of what follows: behind the sentence both entities are
/// named again between their markers, and the classifier reads the two markers behind these names.
/// A blank before an entity goes behind its marker, as a word that begins behind a blank is fewer
/// pieces for most tokenizers; each part of the text is tokenised by itself.
engine::ClassifierRow classifier_row(const engine::Session& session, const Prompt& prompt,
                                     const MarkerTokens& markers);

/// What a prompt of pair_style() asks for: a text, and places of words in it as it is read.
struct ReadPair {
  std::string text;
  std::pair<size_t, size_t> head, tail;  ///< bytes of the text
  int32_t head_type = 0, tail_type = 0;
  nn::PairPlace place(const ReadWords& words) const;
};
ReadPair read_pair(const PairReading& reading, const Prompt& prompt);

/// The tokens that a model reads for a prompt: of a classifier's style those of classifier_row(),
/// else of prompt_row().
std::vector<int32_t> row_of(const engine::Session& session, const PromptStyle& style,
                            const Prompt& prompt, bool chat);

}  // namespace relatum::task
