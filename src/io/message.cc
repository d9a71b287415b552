// Formats numbers and untrusted names for error sentences.
#include "io/message.h"

#include "base/printable.h"

namespace relatum::io {

std::string grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (int place = int(digits.size()) - 3; place > 0; place -= 3) {
    digits.insert(size_t(place), 1, ',');
  }
  return digits;
}

std::string printable(std::string_view text, size_t limit) {
  return printable_start(text, limit);
}

}  // namespace relatum::io
