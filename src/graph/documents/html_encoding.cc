// Looks for a meta element by hand, and leaves the conversion to ICU.
#include "graph/documents/html_encoding.h"

#include <fmt/format.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "base/error.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "io/text_file.h"

namespace relatum::graph {
namespace {

constexpr size_t kLookedAt = 1024;  // where HTML wants the encoding to stand

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
  fail("graph.html", fmt::format("{} {} Save the page as UTF-8.", name, what));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = char(c + ('a' - 'A'));
  }
  return out;
}

/// What stands behind "charset" within one tag: a name, quoted or not.
std::string charset_in(std::string_view tag) {
  constexpr std::string_view kKey = "charset";
  size_t at = tag.find(kKey);
  if (at == tag.npos) return "";
  at = tag.find_first_not_of(" \t\r\n", at + kKey.size());
  if (at == tag.npos || tag[at] != '=') return "";
  at = tag.find_first_not_of(" \t\r\n\"'", at + 1);
  if (at == tag.npos) return "";
  return std::string(tag.substr(at, tag.find_first_of(" \t\r\n\"';/>", at) - at));
}

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};

/// Throws where the bytes are not in the encoding.
std::string converted(std::string_view page, const std::string& encoding, const std::string& name) {
  const bool latin = encoding == "iso-8859-1" || encoding == "latin1" || encoding == "ascii" ||
                     encoding == "us-ascii";
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UConverter, CloseConverter> converter(
      ucnv_open(latin ? "windows-1252" : encoding.c_str(), &status));
  if (U_FAILURE(status)) {
    refuse(name, fmt::format("names the encoding '{}', which is not known.",
                             printable_start(encoding, 40)));
  }
  ucnv_setToUCallBack(converter.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  const icu::UnicodeString text(page.data(), int32_t(page.size()), converter.get(), status);
  if (U_FAILURE(status)) {
    refuse(name, fmt::format("is not in the encoding that it names, '{}'.",
                             printable_start(encoding, 40)));
  }
  std::string utf8;
  text.toUTF8String(utf8);
  return std::string(io::without_mark(utf8));
}

}  // namespace

std::string declared_encoding(std::string_view page) {
  if (page.starts_with("\xFF\xFE") || page.starts_with("\xFE\xFF")) return "utf-16";
  const std::string start = lower(page.substr(0, kLookedAt));
  for (size_t at = start.find("<meta"); at != start.npos; at = start.find("<meta", at + 1)) {
    const std::string found = charset_in(
        std::string_view(start).substr(at, start.find('>', at) - at));
    if (!found.empty()) return found;
  }
  return "";
}

std::string utf8_page(std::string_view page, const std::string& name) {
  if (page.size() > size_t(std::numeric_limits<int32_t>::max())) {
    refuse(name, "is larger than 2 GB.");
  }
  const std::string problem = io::encoding_problem(page);
  if (problem.empty()) return std::string(io::without_mark(page));
  const std::string encoding = declared_encoding(page);
  if (encoding.empty()) refuse(name, problem + ", and the page names no encoding.");
  if (encoding == "utf-8" || encoding == "utf8") refuse(name, problem + ".");
  return converted(page, encoding, name);
}

}  // namespace relatum::graph
