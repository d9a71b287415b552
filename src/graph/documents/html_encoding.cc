// Looks for a meta element or an XML declaration by hand, and leaves the conversion to ICU.
#include "graph/documents/html_encoding.h"

#include <fmt/format.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <iterator>
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

/// A byte-order mark of UTF-16.
bool has_wide_mark(std::string_view page) {
  return page.starts_with("\xFF\xFE") || page.starts_with("\xFE\xFF");
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = char(c + ('a' - 'A'));
  }
  return out;
}

/// What stands behind `key` and an equals sign within one tag: a name, quoted or not.
std::string named_in(std::string_view tag, std::string_view key) {
  size_t at = tag.find(key);
  if (at == tag.npos) return "";
  at = tag.find_first_not_of(" \t\r\n", at + key.size());
  if (at == tag.npos || tag[at] != '=') return "";
  at = tag.find_first_not_of(" \t\r\n\"'", at + 1);
  if (at == tag.npos) return "";
  return std::string(tag.substr(at, tag.find_first_of(" \t\r\n\"';/>?", at) - at));
}

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

Converter open_converter(const char* encoding) {
  UErrorCode status = U_ZERO_ERROR;
  Converter converter(ucnv_open(encoding, &status));
  if (U_FAILURE(status)) converter.reset();
  return converter;
}

/// Encodings whose names pages give for wider ones, and what browsers read for them (the Encoding
/// Standard, 4.2). By ICU's MIME names, as each has a dozen others.
constexpr struct {
  std::string_view mime;
  const char* wider;
} kWider[] = {{"ISO-8859-1", "windows-1252"},
              {"US-ASCII", "windows-1252"},
              {"ISO-8859-9", "windows-1254"},
              {"GB2312", "gbk"},
              {"EUC-KR", "windows-949"}};

/// Nothing where ICU does not know the encoding.
Converter converter_of(const std::string& encoding) {
  Converter converter = open_converter(encoding.c_str());
  if (!converter) return converter;
  UErrorCode status = U_ZERO_ERROR;
  const char* mime = ucnv_getStandardName(ucnv_getName(converter.get(), &status), "MIME", &status);
  for (const auto& each : kWider) {
    if (U_SUCCESS(status) && mime && each.mime == mime) return open_converter(each.wider);
  }
  return converter;
}

/// Whether ASCII is ASCII there. A page whose own words name UTF-16 or EBCDIC is in neither, though
/// its bytes may well mean something in them.
bool reads_ascii(UConverter* converter) {
  constexpr std::string_view kAscii = "<meta";
  UChar wide[16];
  UErrorCode status = U_ZERO_ERROR;
  const int32_t size = ucnv_toUChars(converter, wide, std::size(wide), kAscii.data(),
                                     int32_t(kAscii.size()), &status);
  return U_SUCCESS(status) && std::equal(wide, wide + size, kAscii.begin(), kAscii.end());
}

/// Throws where the bytes are not in the encoding.
std::string converted(std::string_view page, const std::string& encoding, const std::string& name) {
  const Converter converter = converter_of(encoding);
  if (!converter) {
    refuse(name, fmt::format("names the encoding '{}', which is not known.",
                             printable_start(encoding, 40)));
  }
  UErrorCode status = U_ZERO_ERROR;
  const bool told = has_wide_mark(page) || reads_ascii(converter.get());
  ucnv_setToUCallBack(converter.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  const icu::UnicodeString text(page.data(), int32_t(page.size()), converter.get(), status);
  if (!told || U_FAILURE(status)) {
    refuse(name, fmt::format("is not in the encoding that it names, '{}'.",
                             printable_start(encoding, 40)));
  }
  std::string utf8;
  text.toUTF8String(utf8);
  return std::string(io::without_mark(utf8));
}

}  // namespace

std::string declared_encoding(std::string_view page) {
  if (has_wide_mark(page)) return "utf-16";
  const std::string start = lower(page.substr(0, kLookedAt));
  const auto tag = [&](size_t at) {
    return std::string_view(start).substr(at, start.find('>', at) - at);
  };
  for (size_t at = start.find("<meta"); at != start.npos; at = start.find("<meta", at + 1)) {
    const std::string found = named_in(tag(at), "charset");
    if (!found.empty()) return found;
  }
  return start.starts_with("<?xml") ? named_in(tag(0), "encoding") : "";
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
