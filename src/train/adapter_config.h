// The settings of an adapter, in PEFT's terms.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace relatum::train {

/// Rank and alpha of one linear that differ from the adapter's (PEFT's rank_pattern and so on).
struct OwnRank {
  int64_t rank = 0;
  double alpha = 0;
};

/// Where the pairs begin: A random and B zero; the base's principal part, which the base then lacks
/// (PiSSA, arXiv 2404.02948); or what rounding the base took from it (LoftQ, arXiv 2310.08659).
enum class Start { kDefault, kPissa, kLoftq };

struct AdapterConfig {
  int64_t rank = 16;
  double alpha = 32;
  double dropout = 0.05;
  /// Last parts of linears' names, e.g. "q_proj"; empty or {"all-linear"}: all but the head.
  std::vector<std::string> targets;
  bool rank_stabilised = false;        ///< scale alpha / sqrt(rank) instead of alpha / rank
  std::map<std::string, OwnRank> own;  ///< by a linear's whole name
  /// DoRA: each adapted linear's outputs have magnitudes, trained apart from their direction.
  bool magnitudes = false;
  /// Modules that are the adapter's own as a whole (PEFT's modules_to_save): ends of "lm_head",
  /// "model.embed_tokens" and, of an encoder-decoder, "encoder.embed_tokens" and
  /// "decoder.embed_tokens".
  std::vector<std::string> saved;
  /// Where the base ties its head to its embedding, and `saved` names the embedding: the two stay
  /// one (PEFT's ensure_weight_tying).
  bool tie_saved = false;
  Start start = Start::kDefault;
};

}  // namespace relatum::train
