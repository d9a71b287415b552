// How a sentence embedder makes one vector of its token states: what its small files say.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "retrieve/pooling.h"
#include "retrieve/sentence_step.h"

namespace relatum::retrieve {

/// What stands in front of a text, by the part that the text plays.
struct Prompts {
  std::string plain;    ///< the model's default prompt
  std::string query;    ///< "query" of its prompts; the default one where there is none
  std::string passage;  ///< "document", "passage" or "corpus", the first that is there; or the same
};

/// By what the model's vectors are to be compared.
enum class Similarity { kCosine, kDot, kEuclidean, kManhattan };

struct EmbedderConfig {
  std::vector<Pooling> pooling{Pooling::kMean};                    ///< side by side
  std::vector<SentenceStep> steps = std::vector<SentenceStep>(1);  ///< in order: the length to 1
  int64_t dimension = 0;                                           ///< of a sentence's vector
  std::optional<int64_t> max_tokens;  ///< longest row, special tokens included
  bool lowercase = false;             ///< before the tokenizer sees a text
  Prompts prompts;
  Similarity similarity = Similarity::kCosine;

  /// "mean, normalised, 256 tokens": for records, and to tell embedders of equal weights apart.
  std::string described(int64_t longest) const;
};

/// Reads modules.json, its modules' config.json, sentence_bert_config.json,
/// config_sentence_transformers.json and model_max_length of tokenizer_config.json; what is absent
/// keeps the default above. `width`: values of a token's state. Throws Error with the file for
/// other modules than Transformer, Pooling, Dense, Normalize and Dropout, more than eight of them
/// behind the pooling, none that pools or another order; for settings of theirs that are not
/// honoured, and for a default prompt that is not there.
EmbedderConfig read_embedder_config(const std::filesystem::path& folder, int64_t width);

}  // namespace relatum::retrieve
