// Longest-match search and the joining of pieces.
#include "text/word_piece.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.h"

namespace relatum::text {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// What Hugging Face's decoder calls clean-up; the order counts.
void clean_up(std::string& piece) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kRules = {
      {{" .", "."},
       {" ?", "?"},
       {" !", "!"},
       {" ,", ","},
       {" ' ", "'"},
       {" n't", "n't"},
       {" 'm", "'m"},
       {" do not", " don't"},
       {" 's", "'s"},
       {" 've", "'ve"},
       {" 're", "'re"}}};
  for (const auto& [from, to] : kRules) replace_all(piece, from, to);
}

}  // namespace

WordPiece::WordPiece(const Vocabulary& vocabulary, WordPieceOptions options)
    : vocabulary_(vocabulary), options_(std::move(options)) {
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    longest_token_ = std::max(longest_token_, vocabulary.token(id).size());
  }
}

bool WordPiece::encode_word(std::string_view word, std::string& buffer,
                            std::vector<int32_t>& ids) const {
  if (size_t(utf8_length(word)) > options_.longest_word) return false;
  for (size_t start = 0; start < word.size();) {
    const size_t prefix = start > 0 ? options_.prefix.size() : 0;
    buffer.assign(options_.prefix, 0, prefix).append(word.substr(start, longest_token_));
    size_t end = std::min(buffer.size(), longest_token_);
    std::optional<int32_t> id;
    for (; end > prefix; --end) {
      // A cut inside a character is no token's end: tokens are whole characters.
      if (end < buffer.size() && continues_char(buffer[end])) continue;
      id = vocabulary_.find_in_model(std::string_view(buffer).substr(0, end));
      if (id) break;
    }
    if (!id) return false;
    ids.push_back(*id);
    start += end - prefix;
  }
  return true;
}

void WordPiece::encode(std::span<const std::string_view> words, std::vector<int32_t>& ids) const {
  std::string buffer;
  for (const std::string_view word : words) {
    const size_t before = ids.size();
    if (encode_word(word, buffer, ids)) continue;
    ids.resize(before);
    ids.push_back(options_.unk);
  }
}

std::string WordPiece::decode(std::span<const std::string_view> tokens) const {
  std::string out;
  for (size_t i = 0; i < tokens.size(); ++i) {
    std::string piece(tokens[i]);
    if (i > 0) {
      if (piece.starts_with(options_.prefix)) piece.erase(0, options_.prefix.size());
      else piece.insert(0, " ");
    }
    if (options_.clean_up) clean_up(piece);
    out += piece;
  }
  return out;
}

}  // namespace relatum::text
