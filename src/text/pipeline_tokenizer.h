// The tokenizer that is a chain: added tokens, normaliser, pre-tokenizer, word model.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "text/added_tokens.h"
#include "text/normalizer.h"
#include "text/split_step.h"
#include "text/token_decoder.h"
#include "text/tokenizer.h"
#include "text/word_model.h"

namespace relatum::text {

/// The chain's parts, in the order in which text passes them.
struct PipelineParts {
  std::vector<AddedToken> added;
  Normalizer normalizer;
  SplitSteps steps;
  /// Makes the model; it may keep a reference to the vocabulary, which stays where it is.
  std::function<std::unique_ptr<WordModel>(const Vocabulary&)> make_model;
  std::optional<Decoder> decoder;  ///< absent: the model decodes
};

class PipelineTokenizer final : public Tokenizer {
 public:
  PipelineTokenizer(TokenizerInfo info, PipelineParts parts);
  std::string decode(std::span<const int32_t> ids) const override;
  std::span<const AddedToken> added() const override { return parts_.added; }

 protected:
  std::vector<int32_t> encode_parts(std::string_view text,
                                    std::span<const DataRange> data) const override;

 private:
  void encode_raw(std::string_view text, bool at_start, std::span<const DataRange> data,
                  std::vector<int32_t>& ids) const;
  void encode_words(std::string_view normalised, bool at_start, std::vector<int32_t>& ids) const;
  bool keeps_start(std::string_view text) const;

  PipelineParts parts_;
  std::unique_ptr<WordModel> model_;
  AddedTokenMatcher raw_, normalised_;
  std::unordered_set<std::string_view> special_texts_;
  std::unordered_map<int32_t, std::string> decoded_;  // of tokens that are matched normalised
};

}  // namespace relatum::text
