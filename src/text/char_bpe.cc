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
  bool pending = false;  // an unk that later ones may still join
  for (size_t at = 0; at < word.size();) {
    const size_t start = at;
    next_char(word, at);
    const std::string_view symbol = word.substr(start, at - start);
    if (const auto id = find(symbol)) {
      if (pending) symbols.add(*options_.unk);
      pending = false;
      symbols.add(*id);
      continue;
    }
    const auto bytes = options_.byte_fallback ? byte_tokens(vocabulary_, symbol)
                                              : std::vector<int32_t>();
    // As in the reference, a pending unk lands behind the bytes' tokens.
    for (const int32_t id : bytes) symbols.add(id);
    if (!bytes.empty() || !options_.unk) continue;
    if (pending && !options_.fuse_unk) symbols.add(*options_.unk);
    pending = true;
  }
  if (pending) symbols.add(*options_.unk);
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
