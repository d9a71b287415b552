// How a sentence embedder makes one vector of its token states: what its small files say.
#pragma once

#include <cstdint>
#include <filesystem>

namespace relatum::retrieve {

enum class Pooling { kMean, kCls };

struct EmbedderConfig {
  Pooling pooling = Pooling::kMean;
  bool normalise = true;      ///< divide by the length
  int64_t max_tokens = 256;   ///< longest row, special tokens included
};

/// Reads modules.json, the pooling's config.json and sentence_bert_config.json of a folder; what
/// is absent keeps the default above. Throws Error with the file for other modules than
/// Transformer, Pooling and Normalize, and for another pooling than mean or cls.
EmbedderConfig read_embedder_config(const std::filesystem::path& folder, int64_t dimension);

}  // namespace relatum::retrieve
