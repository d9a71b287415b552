// How a sentence embedder makes one vector of its token states: what its small files say.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace relatum::retrieve {

enum class Pooling { kMean, kCls };

struct EmbedderConfig {
  Pooling pooling = Pooling::kMean;
  bool normalise = true;     ///< divide by the length
  int64_t max_tokens = 256;  ///< longest row, special tokens included
  bool lowercase = false;    ///< of the text, before the tokenizer sees it
  std::string prefix;        ///< in front of each text, as the model's default prompt
};

/// Reads modules.json, the pooling's config.json, sentence_bert_config.json and
/// config_sentence_transformers.json of a folder; what is absent keeps the default above. Throws
/// Error with the file for other modules than Transformer, Pooling and Normalize, for another
/// pooling than mean or cls, and for a default prompt that is not there or is not pooled.
EmbedderConfig read_embedder_config(const std::filesystem::path& folder, int64_t dimension);

}  // namespace relatum::retrieve
