// The hash over ids that tools/fixtures/text.py computes too, and its sweep of all code points.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/utf8.h"
#include "text/tokenizer.h"

namespace relatum::testing {

/// SHA-256 over (count, ids…) of text after text, as little-endian 32-bit integers.
class IdHash {
 public:
  void add(std::span<const int32_t> ids) {
    ++texts_;
    ids_ += ids.size();
    numbers_.push_back(int32_t(ids.size()));
    numbers_.insert(numbers_.end(), ids.begin(), ids.end());
  }
  nlohmann::json value() const {
    const auto bytes = std::as_bytes(std::span(numbers_));
    return {{"texts", texts_}, {"ids", ids_}, {"sha256", sha256(bytes)}};
  }

 private:
  size_t texts_ = 0, ids_ = 0;
  std::vector<int32_t> numbers_;
};

inline nlohmann::json hash_of(const text::Tokenizer& tokenizer,
                              const std::vector<std::string>& texts) {
  IdHash hash;
  for (const std::string& text : texts) hash.add(tokenizer.encode(text));
  return hash.value();
}

/// All code points, in texts that show their class.
inline std::vector<std::string> sweep() {
  std::vector<char32_t> points;
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c < 0xd800 || c >= 0xe000) points.push_back(c);
  }
  std::vector<std::string> texts;
  for (size_t start = 0; start < points.size(); start += 64) {
    const bool close = start < 0x20000 || start / 64 % 64 == 0;
    std::string text;
    for (size_t i = start; i < std::min(start + 64, points.size()); ++i) {
      std::string c;
      append_utf8(c, points[i]);
      if (close) text += "a" + c + "b 1" + c + "2 ." + c + " " + c + "\n'" + c + " ";
      else text += c;
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace relatum::testing
