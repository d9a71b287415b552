// A model that is ready to run: weights and tokenizer, shared by all that run it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
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

/// Once prepared it does not change: any number of workers (engine/worker.h) may share it. What is
/// not const prepares it, before the first of them.
class Session {
 public:
  /// Opens a GGUF file or Hugging Face folder. Throws Error with file and place.
  Session(const std::filesystem::path& path, const SessionOptions& options);

  const arch::Model& model() const { return *model_; }
  const text::Tokenizer& tokenizer() const { return *tokenizer_; }
  /// What they were read from.
  const arch::ModelFiles& files() const { return files_; }
  /// Type of activations.
  DType compute() const { return compute_; }
  /// Type of the linears' products.
  DType products() const { return products_; }
  /// Completes a session that was opened with "int8": weights become integers, the adapter (or
  /// nullptr) among them; passes are then given none. Nothing can be trained.
  void quantise(const nn::LoraSet* adapter);
  /// The network for training all its weights (train/full_weights.h), whose place in memory then
  /// changes. Throws Error where they are not held in f32, or are integers.
  arch::Model& open_weights();
  /// Packs kept weights for the backward pass, where that was not done yet.
  void prepare_training();
  /// The base's form after "auto" was resolved.
  const std::string& base() const { return base_; }
  /// SHA-256 of the weight files (computed at the first call: about a second per GB).
  const std::string& weights_hash() const;
  /// What else decides its answers: config.json's settings, see arch::ModelFiles::settings() …
  std::map<std::string, std::string> settings() const { return files_.settings(); }
  /// … and the tokenizer, see text::tokenizer_hash().
  std::string tokenizer_hash() const { return text::tokenizer_hash(*tokenizer_); }

 private:
  arch::ModelFiles files_;
  DType compute_, products_;
  std::string base_;
  std::unique_ptr<arch::Model> model_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  mutable std::once_flag hashed_;
  mutable std::string hash_;
};

/// A prompt as the model reads it: BOS where the tokenizer's configuration adds one, then the text;
/// where it is encoded, the end token behind it. No control token is read in the prompt's bytes
/// that come from `data`.
std::vector<int32_t> prompt_tokens(const Session& session, std::string_view prompt,
                                   std::span<const text::DataRange> data = {});
/// Whether the tokenizer puts a blank of its own in front of any text, so that a completion's own
/// would be a second one.
bool adds_blank(const text::Tokenizer& tokenizer);

/// A completion, tokenised apart from its prompt, and the model's end token. Pieces that begin with
/// SentencePiece's blank are those of a text behind a word: one blank, also where the tokenizer
/// puts another one in front of a text (Llama 2, Mistral 7B). A completion is data: a label that
/// spells a control token does not become one.
std::vector<int32_t> completion_tokens(const text::Tokenizer& tokenizer,
                                       std::string_view completion);

}  // namespace relatum::engine
