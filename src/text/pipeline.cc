// How text runs through the chain and back.
#include "text/pipeline.h"

#include <utility>

#include "text/unicode.h"

namespace relatum::text {

PipelineTokenizer::PipelineTokenizer(TokenizerInfo info, PipelineParts parts)
    : Tokenizer(std::move(info)),
      parts_(std::move(parts)),
      model_(parts_.make_model(info_.vocabulary)) {
  for (const AddedToken& token : parts_.added) {
    if (token.special) special_texts_.insert(token.content);
    if (!token.normalized) {
      raw_.add(token, token.content);
      continue;
    }
    const std::string pattern = normalize(parts_.normalizer, token.content);
    normalised_.add(token, pattern);
    decoded_[token.id] = pattern;
  }
}

std::vector<int32_t> PipelineTokenizer::encode(std::string_view text) const {
  std::vector<int32_t> ids;
  ids.reserve(text.size() / 3);
  std::string repaired;
  if (!is_valid_utf8(text)) text = repaired = to_valid_utf8(text);
  for (const Stretch& stretch : raw_.split(text)) {
    if (stretch.id >= 0) ids.push_back(stretch.id);
    else encode_raw(stretch.text, ids);
  }
  return ids;
}

void PipelineTokenizer::encode_raw(std::string_view text, std::vector<int32_t>& ids) const {
  std::string changed;
  if (!parts_.normalizer.empty()) text = changed = normalize(parts_.normalizer, text);
  for (const Stretch& stretch : normalised_.split(text)) {
    if (stretch.id >= 0) ids.push_back(stretch.id);
    else encode_words(stretch.text, ids);
  }
}

void PipelineTokenizer::encode_words(std::string_view normalised, std::vector<int32_t>& ids) const {
  Pieces pieces, cut;
  pieces.views.push_back(normalised);
  for (const auto& step : parts_.steps) {
    cut.views.clear();
    for (const std::string_view piece : pieces.views) step->split(piece, cut);
    std::swap(pieces.views, cut.views);
  }
  model_->encode(pieces.views, ids);
}

std::string PipelineTokenizer::decode(std::span<const int32_t> ids) const {
  std::vector<std::string_view> tokens;
  tokens.reserve(ids.size());
  for (const int32_t id : ids) {
    const auto changed = decoded_.find(id);
    const std::string_view text = changed == decoded_.end() ? token(id) : changed->second;
    if (!text.empty() && !special_texts_.contains(text)) tokens.push_back(text);
  }
  return model_->decode(tokens);
}

}  // namespace relatum::text
