// Percent signs stand for bytes, as in addresses of the web.
#include "task/brat_form.h"

#include <fmt/format.h>

namespace relatum::task {
namespace {

std::string percent(std::string_view text, std::string_view marked) {
  std::string word;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || marked.find(c) != marked.npos) {
      word += fmt::format("%{:02X}", byte);
    } else {
      word += c;
    }
  }
  return word;
}

int digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

std::string brat_word(std::string_view text) { return percent(text, " %"); }

std::string brat_file_name(std::string_view id) {
  // Parts without a name would vanish from a path.
  const bool whole = id.starts_with('/') || id.ends_with('/') || id.find("//") != id.npos;
  std::string name;
  if (whole) return percent(id, "/%\\:*?\"<>|");
  for (size_t at = 0; at <= id.size();) {
    const size_t end = std::min(id.find('/', at), id.size());
    std::string part = percent(id.substr(at, end - at), "%\\:*?\"<>|");
    if (part.starts_with('.')) part = "%2E" + part.substr(1);
    name += (name.empty() ? "" : "/") + part;
    at = end + 1;
  }
  return name;
}

std::string from_percent(std::string_view text) {
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    const int high = text[at] == '%' && at + 2 < text.size() ? digit(text[at + 1]) : -1;
    const int low = high >= 0 ? digit(text[at + 2]) : -1;
    if (low < 0) {
      plain += text[at];
      continue;
    }
    plain += char(high * 16 + low);
    at += 2;
  }
  return plain;
}

}  // namespace relatum::task
