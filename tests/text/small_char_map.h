// A table of replaced characters with one entry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::testing {

/// Units of a double array: "A" leads to the leaf at 0x100, whose replacement begins at `text`.
inline std::string char_map(std::string_view texts, uint32_t text = 0, uint32_t units = 512) {
  std::vector<uint32_t> array(units);
  array[0x41] = 0x41 | 0x100 | (0x41 ^ 0x100) << 10;
  if (units > 0x100) array[0x100] = 0x80000000 | text;
  std::string bytes;
  const auto put = [&](uint32_t number) {
    for (int shift = 0; shift < 32; shift += 8) bytes += char(number >> shift);
  };
  put(4 * units);
  for (const uint32_t unit : array) put(unit);
  return bytes.append(texts);
}

inline const std::string kSmallA("a\0", 2);

}  // namespace relatum::testing
