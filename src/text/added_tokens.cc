// The trie behind AddedTokenMatcher.
#include "text/added_tokens.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/unicode.h"

namespace relatum::text {
namespace {

/// Start of the last character of non-empty valid UTF-8.
size_t last_char(std::string_view text) {
  size_t at = text.size() - 1;
  while (continues_char(text[at])) --at;
  return at;
}

bool ends_with_word(std::string_view text) {
  if (text.empty()) return false;
  size_t at = last_char(text);
  return is_word(next_char(text, at));
}

bool starts_with_word(std::string_view text) {
  size_t at = 0;
  return !text.empty() && is_word(next_char(text, at));
}

/// Length of `text` without the white space at its end.
size_t trimmed_end(std::string_view text) {
  while (!text.empty()) {
    const size_t start = last_char(text);
    size_t at = start;
    if (!is_white_space(next_char(text, at))) break;
    text = text.substr(0, start);
  }
  return text.size();
}

/// Bytes of white space at the start of `text`.
size_t leading_space(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    size_t next = at;
    if (!is_white_space(next_char(text, next))) break;
    at = next;
  }
  return at;
}

}  // namespace

void AddedTokenMatcher::add(const AddedToken& token, std::string_view pattern) {
  if (pattern.empty()) return;
  begins_[static_cast<unsigned char>(pattern[0])] = true;
  uint32_t node = 0;
  for (const char byte : pattern) {
    const uint64_t key = uint64_t{node} << 8 | static_cast<unsigned char>(byte);
    const auto [edge, fresh] = edges_.try_emplace(key, uint32_t(ends_.size()));
    if (fresh) ends_.push_back(-1);
    node = edge->second;
  }
  ends_[node] = int32_t(tokens_.size());
  tokens_.push_back(token);
  has_special_ |= token.special;
}

AddedTokenMatcher::Match AddedTokenMatcher::longest_at(std::string_view text, size_t at,
                                                       std::span<const DataRange> data) const {
  const size_t start = at;
  Match match;
  uint32_t node = 0;
  while (at < text.size()) {
    const auto edge = edges_.find(uint64_t{node} << 8 | static_cast<unsigned char>(text[at]));
    if (edge == edges_.end()) break;
    node = edge->second;
    ++at;
    if (ends_[node] < 0) continue;
    const bool control = tokens_[size_t(ends_[node])].special;
    if (control && touches(data, start, at)) continue;
    match = {at, ends_[node]};
  }
  return match;
}

std::vector<Stretch> AddedTokenMatcher::split(std::string_view text,
                                              std::span<const DataRange> data) const {
  std::vector<Stretch> stretches;
  size_t done = 0;
  for (size_t at = 0; !tokens_.empty() && at < text.size();) {
    const Match match = begins_[static_cast<unsigned char>(text[at])] ? longest_at(text, at, data)
                                                                      : Match{};
    if (match.token < 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[size_t(match.token)];
    size_t start = at, stop = match.end;
    at = match.end;
    if (token.single_word &&
        (ends_with_word(text.substr(0, start)) || starts_with_word(text.substr(stop)))) {
      continue;
    }
    // Spaces that the token before has taken stay with it.
    if (token.lstrip) start = std::max(done, trimmed_end(text.substr(0, start)));
    if (token.rstrip) stop += leading_space(text.substr(stop));
    if (done < start) stretches.push_back({-1, text.substr(done, start - done)});
    stretches.push_back({token.id, text.substr(start, std::max(stop, start) - start)});
    done = stop;
  }
  if (done < text.size()) stretches.push_back({-1, text.substr(done)});
  return stretches;
}

}  // namespace relatum::text
