// Sentences to unit vectors, with a BERT sentence embedder in Hugging Face form.
#pragma once

#include <cstdint>
#include <filesystem>
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
};

/// Not thread-safe: one call at a time, each on all threads.
class Embedder {
 public:
  /// Opens a folder as sentence-transformers lays it out. `compute` is "f32", "bf16" or "auto".
  /// Throws Error with file and place; a model that is no encoder is refused.
  explicit Embedder(const std::filesystem::path& folder, const std::string& compute = "f32");

  /// N texts to N x D: the model's pooling, then, where its modules say so, length 1. A text is
  /// cut to max_tokens() tokens. Equal texts are computed once, so they get bit-equal rows.
  /// Stops early, with fewer rows than texts, when the context says so.
  Matrix<float> embed(std::span<const std::string> texts, const Context& context,
                      const EmbedOptions& options = {});

  /// The folder's name, e.g. "all-minilm-l6-v2".
  const std::string& name() const { return name_; }
  /// SHA-256 of the weight files.
  const std::string& hash() const { return session_.weights_hash(); }
  int64_t dimension() const { return session_.model().info().width; }
  /// Longest row in tokens, [CLS] and [SEP] included.
  int64_t max_tokens() const { return config_.max_tokens; }
  DType compute() const { return session_.compute(); }

 private:
  std::vector<int32_t> tokens_of(const std::string& text) const;
  void pool(MatView<const float> states, float* out) const;
  void run(std::span<const std::vector<int32_t>> rows, MatView<float> out);

  std::string name_;
  engine::Session session_;
  engine::Worker worker_{session_};
  EmbedderConfig config_;
};

}  // namespace relatum::retrieve
