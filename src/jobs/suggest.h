// Which texts would teach most if they were labelled.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "jobs/extract_options.h"

namespace relatum::jobs {

/// The members are the options of `relatum suggest`; of extract's those that `suggest` has.
struct SuggestOptions : ExtractOptions {
  int64_t count = 50;
  std::string by = "margin";      ///< margin, entropy, least or random
  uint64_t seed = 1;              ///< of random
  std::optional<double> similar;  ///< nothing: kLikeByVectors, or kLikeByWords without an embedder
};

/// Above these a text counts as like another: of the cosine of their vectors, and of the share of
/// their words that they have in common.
inline constexpr double kLikeByVectors = 0.9, kLikeByWords = 0.7;

/// Asks the model about all pairs of the data, chooses texts, and writes them with its answers.
/// Labels that the data have are not looked at. What is written appears whole or not at all. False:
/// the host stopped it, and nothing was written. Throws Error.
bool suggest(const SuggestOptions& options, const Host& host);

}  // namespace relatum::jobs
