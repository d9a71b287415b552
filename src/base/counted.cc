// Chooses singular or plural, and sets separators.
#include "base/counted.h"

#include <fmt/format.h>

namespace relatum {

std::string counted(int64_t count, std::string_view noun, std::string_view plural) {
  if (count == 1) return fmt::format("1 {}", noun);
  if (!plural.empty()) return fmt::format("{} {}", count, plural);
  return fmt::format("{} {}s", count, noun);
}

std::string grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (int place = int(digits.size()) - 3; place > 0; place -= 3) {
    digits.insert(size_t(place), 1, ',');
  }
  return digits;
}

std::string duration_text(double seconds) {
  const auto s = int64_t(seconds + 0.5);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} h {:02} min", s / 3600, s % 3600 / 60);
}

}  // namespace relatum
