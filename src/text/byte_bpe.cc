// GPT-2's alphabet of bytes, and words spelt in it.
#include "text/byte_bpe.h"

#include <utility>

#include "base/utf8.h"

namespace relatum::text {
namespace {

/// Bytes that print stand for themselves, the others for 256, 257, … (GPT-2's bytes_to_unicode).
std::array<char32_t, 256> byte_alphabet() {
  std::array<char32_t, 256> alphabet{};
  char32_t next = 256;
  for (char32_t b = 0; b < 256; ++b) {
    const bool prints = (b >= '!' && b <= '~') || (b >= 0xa1 && b != 0xad);
    alphabet[b] = prints ? b : next++;
  }
  return alphabet;
}

/// The byte that each character of the alphabet stands for; -1 for all other characters.
std::array<int, 512> byte_of_char() {
  std::array<int, 512> bytes{};
  bytes.fill(-1);
  const auto alphabet = byte_alphabet();
  for (size_t b = 0; b < 256; ++b) bytes[alphabet[b]] = int(b);
  return bytes;
}

/// Appends the bytes that `token` spells, or its own bytes if it is not spelt in the alphabet.
void unspell(std::string_view token, const std::array<int, 512>& bytes, std::string& out) {
  const size_t start = out.size();
  for (size_t at = 0; at < token.size();) {
    const char32_t c = next_char(token, at);
    const int byte = c < bytes.size() ? bytes[c] : -1;
    if (byte < 0) {
      out.resize(start);
      out += token;
      return;
    }
    out += char(byte);
  }
}

}  // namespace

std::string spell_bytes(std::string_view bytes) {
  static const std::array<char32_t, 256> alphabet = byte_alphabet();
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char b : bytes) append_utf8(out, alphabet[static_cast<unsigned char>(b)]);
  return out;
}

ByteBpe::ByteBpe(const Vocabulary& vocabulary, const Merges& merges, BpeOptions options,
                 const std::string& place)
    : ByteBpe(vocabulary, merge_table(vocabulary, merges, {}, place), options) {}

ByteBpe::ByteBpe(const Vocabulary& vocabulary, MergeTable merges, BpeOptions options)
    : vocabulary_(vocabulary), options_(options), merges_(std::move(merges)) {
  for (size_t b = 0; b < 256; ++b) {
    const std::string spelt = spell_bytes(std::string(1, char(b)));
    byte_ids_[b] = vocabulary.find_in_model(spelt).value_or(-1);
    if (byte_ids_[b] < 0 && options.byte_fallback) fallbacks_[b] = byte_tokens(vocabulary, spelt);
  }
}

void ByteBpe::spell(std::string_view word, MergeWord& symbols) const {
  Speller speller(options_, symbols);
  for (const char byte : word) {
    const auto b = static_cast<unsigned char>(byte);
    if (byte_ids_[b] >= 0) speller.add(byte_ids_[b]);
    else if (!fallbacks_[b].empty()) speller.add_bytes(fallbacks_[b]);
    else speller.add_unknown();
  }
  speller.finish();
}

void ByteBpe::encode(std::span<const std::string_view> words, std::vector<int32_t>& ids) const {
  MergeWord symbols;
  for (const std::string_view word : words) {
    if (options_.ignore_merges) {
      if (const auto whole = vocabulary_.find_in_model(spell_bytes(word))) {
        ids.push_back(*whole);
        continue;
      }
    }
    symbols.clear();
    spell(word, symbols);
    symbols.merge(merges_);
    symbols.append_to(ids);
  }
}

std::string ByteBpe::decode(std::span<const std::string_view> tokens) const {
  static const std::array<int, 512> bytes = byte_of_char();
  std::string out;
  for (const std::string_view token : tokens) unspell(token, bytes, out);
  return utf8_valid(out) ? out : to_valid_utf8(out);
}

}  // namespace relatum::text
