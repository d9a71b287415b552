// A model that is ready to run: weights, tokenizer, and the memory that passes work in.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arch/family.h"
#include "text/tokenizer.h"
#include "text/tokenizer_hash.h"

namespace relatum::engine {

struct SessionOptions {
  std::string compute = "auto";  ///< auto, bf16, f32 or int8
  std::string base = "auto";     ///< auto, keep, nf4, bf16 or f32
  bool resident = true;          ///< keep decoded weights in memory
};

/// Not thread-safe: one pass at a time, each on all threads.
class Session {
 public:
  /// Opens a GGUF file or Hugging Face folder. Throws Error with file and place.
  Session(const std::filesystem::path& path, const SessionOptions& options);

  arch::Model& model() { return *model_; }
  const arch::Model& model() const { return *model_; }
  const text::Tokenizer& tokenizer() const { return *tokenizer_; }
  Arena& arena() { return arena_; }
  /// Type of activations.
  DType compute() const { return compute_; }
  /// Type of the linears' products.
  DType products() const { return products_; }
  /// Completes a session that was opened with "int8": weights become integers, the adapter that is
  /// seated now among them. Nothing can be trained then.
  void quantise();
  /// The base's form after "auto" was resolved.
  const std::string& base() const { return base_; }
  /// SHA-256 of the weight files (computed at the first call: about a second per GB).
  const std::string& weights_hash();
  /// What else decides its answers: config.json's settings, see arch::ModelFiles::settings() …
  std::map<std::string, std::string> settings() const { return files_.settings(); }
  /// … and the tokenizer, see text::tokenizer_hash().
  std::string tokenizer_hash() const { return text::tokenizer_hash(*tokenizer_); }

 private:
  arch::ModelFiles files_;
  DType compute_, products_;
  std::string base_, hash_;
  std::unique_ptr<arch::Model> model_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  Arena arena_;
};

/// A prompt as the model reads it: BOS where the tokenizer's configuration adds one, then the text.
/// No control token is read in the prompt's bytes that come from `data`.
std::vector<int32_t> prompt_tokens(const text::Tokenizer& tokenizer, std::string_view prompt,
                                   std::span<const text::DataRange> data = {});
/// A completion, tokenised apart from its prompt, and the model's end token. A completion is data:
/// a label that spells a control token does not become one.
std::vector<int32_t> completion_tokens(const text::Tokenizer& tokenizer,
                                       std::string_view completion);

}  // namespace relatum::engine
