// Words spelt by characters, then merged.
#include "text/char_bpe.h"

#include "base/utf8.h"

namespace relatum::text {

CharBpe::CharBpe(const Vocabulary& vocabulary, const Merges& merges, BpeOptions options,
                 ApartIds apart, const std::string& place)
    : vocabulary_(vocabulary), options_(options), apart_(std::move(apart)),
      merges_(merge_table(vocabulary, merges, apart_, place)) {}

std::optional<int32_t> CharBpe::find(std::string_view token) const {
  const auto id = vocabulary_.find_in_model(token);
  return id && apart_.contains(*id) ? std::nullopt : id;
}

void CharBpe::spell(std::string_view word, MergeWord& symbols) const {
  Speller speller(options_, symbols);
  for (size_t at = 0; at < word.size();) {
    const size_t start = at;
    next_char(word, at);
    const std::string_view symbol = word.substr(start, at - start);
    if (const auto id = find(symbol)) {
      speller.add(*id);
      continue;
    }
    const auto bytes = options_.byte_fallback ? byte_tokens(vocabulary_, symbol)
                                              : std::vector<int32_t>();
    bytes.empty() ? speller.add_unknown() : speller.add_bytes(bytes);
  }
  speller.finish();
}

void CharBpe::encode(std::span<const std::string_view> words, std::vector<int32_t>& ids) const {
  MergeWord symbols;
  for (const std::string_view word : words) {
    const auto whole = options_.ignore_merges ? find(word) : std::nullopt;
    if (whole) {
      ids.push_back(*whole);
      continue;
    }
    symbols.clear();
    spell(word, symbols);
    symbols.merge(merges_);
    symbols.append_to(ids);
  }
}

}  // namespace relatum::text
