// GPT-2's, Llama 3's, Qwen2's and Tekken's word patterns, matched by hand.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace relatum::text {

// Hand-written because a general regular expression costs several times as much per word, and
// ICU's knows another Unicode version than the reference's. Both kinds cover all text: a word ends
// where the next begins.

/// Which of the published patterns a tokenizer cuts words with.
enum class WordPattern {
  kGpt2,    ///< 's|'t|… | ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
  kLlama3,  ///< any case of 's, letters with one leading sign, numbers by threes, line ends apart
  kQwen2,   ///< as kLlama3, numbers one by one
  kTekken   ///< as kQwen2, without 's; letters are cut where a capital follows a small one
};

/// The pattern whose regular expression is exactly `expression`, if it is a known one.
std::optional<WordPattern> known_pattern(std::string_view expression);

/// End of the word that begins at `at` (< text.size()) of valid UTF-8.
size_t word_end(std::string_view text, size_t at, WordPattern pattern);

}  // namespace relatum::text
