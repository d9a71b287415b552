// Size checks and filling of the token table.
#include "text/vocabulary.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/utf8.h"

namespace relatum::text {

Vocabulary::Vocabulary(size_t count, int64_t largest, const std::string& place) {
  if (count == 0) {
    fail("text.vocabulary", fmt::format("{}: the vocabulary is empty. The file is broken or cut: "
                                        "fetch it again.",
                                        place));
  }
  // Real vocabularies leave a few holes at most; a table sized by a hostile id would fill memory.
  const int64_t limit = 2 * int64_t(count) + 1024;
  if (largest < 0 || largest >= limit) {
    fail("text.vocabulary", fmt::format("{}: {} tokens with a largest id of {}: expected ids from "
                                        "0 to {} at most. The file is broken: fetch it again.",
                                        place, count, largest, limit - 1));
  }
  tokens_.resize(size_t(largest) + 1);
  ids_.reserve(count);
}

std::string& Vocabulary::slot(int64_t id, std::string_view token, const std::string& place) {
  if (id < 0 || id >= size()) {
    fail("text.vocabulary", fmt::format("{}: token '{}' has the id {}, expected 0 to {}.", place,
                                        to_valid_utf8(token), id, size() - 1));
  }
  if (!utf8_valid(token)) {
    fail("text.vocabulary", fmt::format("{}: token {} ('{}') is not valid UTF-8. The file is "
                                        "broken: fetch it again.",
                                        place, id, to_valid_utf8(token)));
  }
  return tokens_[size_t(id)];
}

void Vocabulary::set(int64_t id, std::string_view token, const std::string& place) {
  std::string& text = slot(id, token, place);
  // An id named twice: the table must not keep a view of the text that is replaced.
  const auto old = ids_.find(text);
  if (old != ids_.end() && old->second == id) ids_.erase(old);
  text = token;
  const auto [place_of, fresh] = ids_.try_emplace(text, int32_t(id));
  if (!fresh) {
    ids_.erase(place_of);
    ids_.emplace(text, int32_t(id));
  }
}

void Vocabulary::add(int64_t id, std::string_view token, const std::string& place) {
  std::string& text = slot(id, token, place);
  if (text == token) return;
  if (!text.empty()) {
    fail("text.vocabulary", fmt::format("{}: the id {} belongs to two tokens, '{}' and '{}'. The "
                                        "file is broken: fetch it again.",
                                        place, id, text, token));
  }
  text = token;
  added_.insert_or_assign(text, int32_t(id));
}

}  // namespace relatum::text
