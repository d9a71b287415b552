// Documents as texts whose spans of words are classified: sentences, their words, and their tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/find_spans.h"
#include "engine/session.h"
#include "task/document.h"

namespace relatum::jobs {

/// A word of a document: code points and bytes, both [start, end).
struct WordPlace {
  int64_t start = 0, end = 0;
  size_t start_byte = 0, end_byte = 0;
};

/// Words that are looked at together, at least one, in the order of the document.
using WordRun = std::vector<WordPlace>;

/// The most words that are looked at together; a sentence of more is cut.
inline constexpr size_t kMostWordsAtOnce = 256;

/// The words of each of these stretches of a text, in valid UTF-8. Words are those of
/// graph/name_words: runs of letters and digits, and each sign but hyphens between letters.
/// Stretches without a word give none, those of more than kMostWordsAtOnce several.
std::vector<WordRun> word_runs(std::string_view text, std::span<const task::Piece> stretches);

/// Stretches as they are, but those that one of `spans` reaches across joined to one. Both by their
/// start.
std::vector<task::Piece> joined_across(std::span<const task::Piece> stretches,
                                       std::span<const task::Piece> spans);

/// What a model reads of a run of words, each word tokenised with what stands between it and the
/// word before (white space is one blank). An encoder reads it once, and a word's state is that of
/// its first token. A decoder's states know nothing of what follows, so it reads the words, a line
/// end, and the words again, and a word's state is that of its last token there.
engine::SpanText span_text(const engine::Session& session, std::string_view text,
                           std::span<const WordPlace> words);

}  // namespace relatum::jobs
