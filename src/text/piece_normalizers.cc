// The normalisers of SentencePiece's models and their conversions.
#include <algorithm>

#include "base/utf8.h"
#include "text/icu_pattern.h"
#include "text/normalizer.h"
#include "text/unicode.h"

namespace relatum::text {
namespace {

constexpr std::string_view kSign = "\u2581";

/// What SentencePiece's table makes of a text, its spaces not yet signs.
std::string mapped_text(const CharMap* map, std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const CharMap::Match match = map ? map->longest(text.substr(at)) : CharMap::Match();
    if (match.size > 0) {
      out += match.replacement;
      at += match.size;
      continue;
    }
    const size_t start = at;
    next_char(text, at);
    out += text.substr(start, at - start);
  }
  return out;
}

std::string with_signs(std::string_view text, PieceSpaces spaces) {
  std::string out;
  out.reserve(text.size() + text.size() / 2 + kSign.size());
  bool in_word = false, prepended = false;
  for (const char c : text) {
    if (c == ' ') {
      in_word = false;
      if (!spaces.merge) out += kSign;
      continue;
    }
    if (!in_word && (spaces.merge || (spaces.prepend && !prepended))) {
      out += kSign;
      prepended = true;
    }
    in_word = true;
    out += c;
  }
  return out;
}

}  // namespace

NormalizerStep prepend_step(std::u32string sign) {
  return [sign = std::move(sign)](std::u32string_view text) {
    return text.empty() ? std::u32string() : sign + std::u32string(text);
  };
}

NormalizerStep replace_step(std::u32string from, std::u32string to) {
  return [from = std::move(from), to = std::move(to)](std::u32string_view text) {
    std::u32string out;
    out.reserve(text.size());
    size_t done = 0;
    for (size_t at = text.find(from); at != text.npos; at = text.find(from, done)) {
      out.append(text.substr(done, at - done)).append(to);
      done = at + from.size();
    }
    return out.append(text.substr(done));
  };
}

NormalizerStep replace_pattern_step(const std::string& pattern, std::string to,
                                    const std::string& place) {
  const auto compiled = std::make_shared<const IcuPattern>(pattern, false, place, "normalizer");
  return [compiled, to = std::move(to)](std::u32string_view text) {
    const std::string bytes = to_utf8(text);
    std::string out;
    size_t done = 0;
    for (const IcuPattern::Match& match : compiled->find(bytes)) {
      out.append(bytes, done, match.begin - done).append(to);
      done = match.end;
    }
    return to_utf32(out.append(bytes, done));
  };
}

NormalizerStep strip_step(bool left, bool right) {
  return [left, right](std::u32string_view text) {
    while (left && !text.empty() && is_white_space(text.front())) text.remove_prefix(1);
    while (right && !text.empty() && is_white_space(text.back())) text.remove_suffix(1);
    return std::u32string(text);
  };
}

NormalizerStep grapheme_map_step(std::shared_ptr<const CharMap> map) {
  return [map = std::move(map)](std::u32string_view text) {
    constexpr size_t kWhole = 6;  // bytes; longer clusters are replaced character by character
    const std::string bytes = to_utf8(text);
    std::string out;
    out.reserve(bytes.size());
    for_graphemes(bytes, [&](std::string_view cluster) {
      if (cluster.size() < kWhole) {
        const CharMap::Match match = map->shortest(cluster);
        if (match.size > 0) {
          out += match.replacement;
          return;
        }
      }
      for (size_t at = 0; at < cluster.size();) {
        const size_t start = at;
        next_char(cluster, at);
        const std::string_view part = cluster.substr(start, at - start);
        const CharMap::Match match = map->shortest(part);
        out += match.size > 0 ? match.replacement : part;
      }
    });
    return to_utf32(out);
  };
}

NormalizerStep piece_step(std::shared_ptr<const CharMap> map, PieceSpaces spaces) {
  return [map = std::move(map), spaces](std::u32string_view text) {
    return to_utf32(with_signs(mapped_text(map.get(), to_utf8(text)), spaces));
  };
}

}  // namespace relatum::text
