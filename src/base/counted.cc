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

}  // namespace relatum
