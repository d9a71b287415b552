// Formats numbers and untrusted names for error sentences.
#include "io/message.h"

namespace relatum::io {

std::string grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (int place = int(digits.size()) - 3; place > 0; place -= 3) {
    digits.insert(size_t(place), 1, ',');
  }
  return digits;
}

std::string printable(std::string_view text, size_t limit) {
  std::string shown(text.substr(0, limit));
  for (char& c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) c = '?';
  }
  if (text.size() > limit) shown += "...";
  return shown;
}

}  // namespace relatum::io
