// Places in double braces, hashes of scripts, and the characters that steer a script element.
#include "io/html_frame.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>

namespace relatum::io {
namespace {

/// As a Content-Security-Policy names a script: 'sha256-…' of what stands in its element.
std::string script_source(std::string_view script) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(script.data()), script.size(), hash.data());
  std::array<unsigned char, 4 * (SHA256_DIGEST_LENGTH / 3 + 1) + 1> text{};
  const int length = EVP_EncodeBlock(text.data(), hash.data(), int(hash.size()));
  return fmt::format("'sha256-{}'",
                     std::string_view(reinterpret_cast<const char*>(text.data()), size_t(length)));
}

}  // namespace

void fill_frame(std::string_view frame, const std::function<void(std::string_view)>& put,
                const std::function<void(std::string_view name)>& fill) {
  for (size_t at = 0; at < frame.size();) {
    const size_t open = frame.find("{{", at);
    const size_t close = open == frame.npos ? open : frame.find("}}", open);
    if (close == frame.npos) {
      put(frame.substr(at));
      return;
    }
    put(frame.substr(at, open - at));
    fill(frame.substr(open + 2, close - open - 2));
    at = close + 2;
  }
}

std::string page_start(std::string_view title, std::string_view style,
                       std::span<const std::string_view> scripts) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{}</title>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<style>\n{}</style>\n</head>\n<body>\n",
      title, page_policy(scripts), style);
}

std::string page_policy(std::span<const std::string_view> scripts) {
  std::string policy =
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
      "script-src";
  for (const std::string_view script : scripts) policy += ' ' + script_source(script);
  return policy;
}

std::string escape_script(std::string_view json) {
  // Outside of strings JSON has none of these, and within them the escape means the same.
  std::string safe;
  for (const char c : json) {
    if (c == '<' || c == '>' || c == '&') {
      safe += fmt::format("\\u{:04x}", int(c));
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace relatum::io
