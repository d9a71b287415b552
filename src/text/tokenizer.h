// Text to token ids and back: the interface of every tokenizer kind, and how one is loaded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/added_tokens.h"
#include "text/data_range.h"
#include "text/vocabulary.h"

namespace relatum::text {

/// Ids that have a role of their own; absent where the tokenizer's configuration names none.
struct SpecialIds {
  std::optional<int32_t> bos;
  std::optional<int32_t> eos;  ///< the model's end token: where an answer stops
  std::optional<int32_t> unk;
  std::optional<int32_t> pad;
  std::optional<int32_t> cls;
  std::optional<int32_t> sep;
};

/// What every tokenizer has, whatever its kind; filled by the loaders.
struct TokenizerInfo {
  Vocabulary vocabulary;
  SpecialIds special;
  std::vector<int32_t> before;  ///< put in front by encode_with_special, e.g. [CLS] or BOS
  std::vector<int32_t> after;   ///< put behind by encode_with_special, e.g. [SEP]
  std::string kind;             ///< for messages, e.g. "byte-level BPE (smollm)"
  std::string chat_template;    ///< the model's own template, empty where it has none
  std::string rules;            ///< how text is cut, beyond the vocabulary; see tokenizer_hash()
};

/// Immutable once loaded: every member may be called from several threads at once.
class Tokenizer {
 public:
  explicit Tokenizer(TokenizerInfo info) : info_(std::move(info)) {}
  virtual ~Tokenizer() = default;
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  /// Ids of `text`, without BOS or EOS and never truncated; equal to Hugging Face tokenizers'
  /// encode(text, add_special_tokens=False), for a SentencePiece model to its library's, and for
  /// its kinds in GGUF ("llama", "t5") to llama.cpp's. As there, the text of an added token
  /// ("<|im_end|>",
  /// "[SEP]") becomes that token. Invalid UTF-8 is read as U+FFFD, one for each maximal
  /// ill-formed part (as Python's and Rust's lossy decoding do).
  /// `data`: bytes that come from data. The text of a special added token (a control token) that
  /// touches one of them stays text; everything else is the same as without `data`.
  std::vector<int32_t> encode(std::string_view text, std::span<const DataRange> data = {}) const {
    return encode_parts(text, data);
  }
  /// encode() of a text that is data from end to end.
  std::vector<int32_t> encode_data(std::string_view text) const {
    const DataRange all{0, text.size()};
    return encode_parts(text, {&all, 1});
  }
  /// Text of `ids`, special tokens skipped; ids outside the vocabulary give nothing. Always
  /// valid UTF-8: bytes that do not form a character become U+FFFD.
  virtual std::string decode(std::span<const int32_t> ids) const = 0;

  /// encode() with what the tokenizer's own configuration adds: BOS, EOS, or [CLS] … [SEP].
  std::vector<int32_t> encode_with_special(std::string_view text) const;

  /// One more than the largest id.
  int32_t vocab_size() const { return info_.vocabulary.size(); }
  /// The token as its vocabulary spells it; empty for an id outside the vocabulary.
  std::string_view token(int32_t id) const { return info_.vocabulary.token(id); }
  /// The id of a token in the vocabulary's spelling.
  std::optional<int32_t> find(std::string_view token) const { return info_.vocabulary.find(token); }

  const SpecialIds& special() const { return info_.special; }
  /// What encode_with_special puts in front and behind; empty where nothing is added.
  std::span<const int32_t> before() const { return info_.before; }
  std::span<const int32_t> after() const { return info_.after; }
  const std::string& kind() const { return info_.kind; }
  const std::string& chat_template() const { return info_.chat_template; }
  const std::string& rules() const { return info_.rules; }
  /// Tokens that are found in text as a whole.
  virtual std::span<const AddedToken> added() const = 0;

 protected:
  virtual std::vector<int32_t> encode_parts(std::string_view text,
                                            std::span<const DataRange> data) const = 0;
  const TokenizerInfo info_;
};

/// Loads the tokenizer of a GGUF file, or of a folder in Hugging Face form (tokenizer.json, else
/// vocab.txt, else tokenizer.model, spiece.model or XLM-R's sentencepiece.bpe.model, else Mistral's
/// tekken*.json, of which there may be one; tokenizer_config.json where present). Throws Error with
/// file and place: for a broken file, and for a kind or pre-tokenizer that is not supported,
/// listing those that are.
std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& gguf_or_folder);

/// The files of a folder that are Mistral's Tekken by their names (tekken*.json), sorted.
std::vector<std::filesystem::path> tekken_files(const std::filesystem::path& folder);

}  // namespace relatum::text
