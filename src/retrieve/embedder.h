// Sentences to vectors, with a sentence embedder in Hugging Face form.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "base/context.h"
#include "engine/worker.h"
#include "retrieve/embedder_config.h"
#include "tensor/buffer.h"

namespace relatum::retrieve {

struct EmbedOptions {
  /// Tokens of one pass. On one thread the speed is the same from 512 to 4096; with more, few large
  /// passes lose least to waiting.
  int64_t batch_tokens = 4096;
  /// In front of each text; nothing given: the model's default prompt.
  std::optional<std::string> prefix{};
  /// As the model's vectors are compared by an inner product: with cosine, divided by their length
  /// whatever the modules do.
  bool for_search = false;
};

/// Not thread-safe: one call at a time, each on all threads.
class Embedder {
 public:
  /// Opens a folder as sentence-transformers lays it out. `compute` is "f32", "bf16" or "auto".
  /// Throws Error with file and place; a model that is no encoder is refused.
  explicit Embedder(const std::filesystem::path& folder, const std::string& compute = "f32");

  /// N texts to N x D: the model's pooling, then what its modules do to that. A text, its prefix
  /// included, is cut to max_tokens() tokens. Equal texts are computed once, so they get bit-equal
  /// rows. Stops early, with fewer rows than texts, when the context says so.
  Matrix<float> embed(std::span<const std::string> texts, const Context& context,
                      const EmbedOptions& options = {});

  /// The folder's name, e.g. "all-minilm-l6-v2"; in Hugging Face's cache "ORG/NAME".
  const std::string& name() const { return name_; }
  /// SHA-256 of the weight files.
  const std::string& hash() const { return session_.weights_hash(); }
  int64_t dimension() const { return config_.dimension; }
  /// Longest row in tokens, [CLS] and [SEP] included.
  int64_t max_tokens() const { return max_tokens_; }
  /// What the model's own files put in front of texts.
  const Prompts& prompts() const { return config_.prompts; }
  /// Pooling, what follows it, and the longest row, e.g. "mean, normalised, 256 tokens".
  std::string described() const { return config_.described(max_tokens_); }
  DType compute() const { return session_.compute(); }
  /// Throws Error where the model's vectors are compared by distances, which is not supported.
  void check_search() const;

 private:
  std::vector<int32_t> tokens_of(const std::string& text, const EmbedOptions& options) const;
  void sentence(MatView<const float> states, const EmbedOptions& options, float* out) const;
  void run(std::span<const std::vector<int32_t>> rows, const EmbedOptions& options,
           MatView<float> out);

  std::string name_;
  engine::Session session_;
  engine::Worker worker_{session_};
  EmbedderConfig config_;
  int64_t max_tokens_ = 0;
};

}  // namespace relatum::retrieve
