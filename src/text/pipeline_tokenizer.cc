// How text runs through the chain and back.
#include "text/pipeline_tokenizer.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/utf8.h"
#include "text/unicode.h"

namespace relatum::text {
namespace {

/// The parts of `data` within [begin, end), counted from `begin`.
std::vector<DataRange> clipped(std::span<const DataRange> data, size_t begin, size_t end) {
  std::vector<DataRange> result;
  for (const DataRange& range : data) {
    const size_t from = std::max(range.begin, begin), to = std::min(range.end, end);
    if (from < to) result.push_back({from - begin, to - begin});
  }
  return result;
}

/// Where `data` of `text` lies in change(text), told by what becomes of the text up to there.
template <typename Change>
std::vector<DataRange> mapped(std::span<const DataRange> data, std::string_view text,
                              Change change) {
  std::vector<DataRange> result;
  for (const DataRange& range : data) {
    result.push_back(
        {change(text.substr(0, range.begin)).size(), change(text.substr(0, range.end)).size()});
  }
  return result;
}

/// Whether `part` begins behind the first of the bytes of `whole`.
bool lies_inside(std::string_view part, std::string_view whole) {
  const std::less<const char*> before;
  return before(whole.data(), part.data()) && before(part.data(), whole.data() + whole.size());
}

}  // namespace

PipelineTokenizer::PipelineTokenizer(TokenizerInfo info, PipelineParts parts)
    : Tokenizer(std::move(info)), parts_(std::move(parts)),
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

std::vector<int32_t> PipelineTokenizer::encode_parts(std::string_view text,
                                                     std::span<const DataRange> data) const {
  std::vector<int32_t> ids;
  ids.reserve(text.size() / 3);
  std::string repaired;
  std::vector<DataRange> moved;
  if (!utf8_valid(text)) {
    moved = mapped(data, text, to_valid_utf8);
    data = moved;
    text = repaired = to_valid_utf8(text);
  }
  for (const Stretch& stretch : raw_.split(text, data)) {
    if (stretch.id >= 0) {
      ids.push_back(stretch.id);
    } else {
      const auto at = size_t(stretch.text.data() - text.data());
      encode_raw(stretch.text, at == 0, clipped(data, at, at + stretch.text.size()), ids);
    }
  }
  return ids;
}

/// Whether no step takes white space away at the start. What the reference's other steps make
/// nothing of counts as if it were still there.
bool PipelineTokenizer::keeps_start(std::string_view text) const {
  constexpr int64_t kFew = 8;  // characters, more than a step leaves as white space to the next
  std::u32string start = to_utf32(text.substr(0, utf8_offset(text, kFew)));
  for (const NormalizerStep& step : parts_.normalizer) {
    const bool space = !start.empty() && is_white_space(start.front());
    if (space && step(std::u32string{start.front(), U'a'}) == step(U"a")) return false;
    start = step(start);
  }
  return true;
}

void PipelineTokenizer::encode_raw(std::string_view text, bool at_start,
                                   std::span<const DataRange> data,
                                   std::vector<int32_t>& ids) const {
  std::string changed;
  std::vector<DataRange> moved;
  if (!normalised_.has_special()) data = {};
  if (!parts_.normalizer.empty()) {
    const auto change = [&](std::string_view part) { return normalize(parts_.normalizer, part); };
    moved = mapped(data, text, change);
    data = moved;
    at_start = at_start && !parts_.steps.empty() && keeps_start(text);
    text = changed = change(text);
  }
  for (const Stretch& stretch : normalised_.split(text, data)) {
    const bool first = at_start && stretch.text.data() == text.data();
    if (stretch.id >= 0) ids.push_back(stretch.id);
    else encode_words(stretch.text, first, ids);
  }
}

void PipelineTokenizer::encode_words(std::string_view normalised, bool at_start,
                                     std::vector<int32_t>& ids) const {
  Pieces pieces, cut;
  pieces.views.push_back(normalised);
  for (const auto& step : parts_.steps) {
    cut.views.clear();
    for (const std::string_view piece : pieces.views) {
      const bool first = at_start && cut.views.empty();
      step->split(piece, first, cut);
      // What was in front of the first part is gone; a text of the step's own begins where it did.
      if (first) at_start = !cut.views.empty() && !lies_inside(cut.views[0], piece);
    }
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
  return parts_.decoder ? text::decode(*parts_.decoder, tokens) : model_->decode(tokens);
}

}  // namespace relatum::text
