// Decodes by OpenSSL, which is laxer: what it passes over is looked for first.
#include "text/base64.h"

#include <openssl/evp.h>

#include <climits>

namespace relatum::text {

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty()) return std::string();
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::string_view letters = text.substr(0, text.size() - padding);
  if (text.size() % 4 != 0 || text.size() > INT_MAX ||
      letters.find_first_not_of(kLetters) != letters.npos) {
    return std::nullopt;
  }
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   int(text.size()));
  if (size != int(bytes.size())) return std::nullopt;
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace relatum::text
