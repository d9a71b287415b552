// Percent signs stand for bytes, as in addresses of the web.
#include "task/brat_form.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "text/unicode.h"

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

/// Where Python's splitlines() ends a line, by which brat's server reads its files.
bool ends_line(char32_t c) {
  return (c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

void cut_piece(const CodePoints& text, const Piece& piece, std::vector<Piece>& parts) {
  const std::string_view there = text.slice(piece.start, piece.end);
  int64_t place = piece.start, first = place, behind = place;  // of its last character but blanks
  bool begun = true;  // a stretch that begins at `first`; not among blanks behind a line end
  for (size_t at = 0; at < there.size(); ++place) {
    const char32_t c = next_char(there, at);
    if (ends_line(c)) {
      if (begun && behind > first) parts.push_back({first, behind});
      begun = false;
    } else if (!text::is_white_space(c)) {
      if (!begun) first = place;
      begun = true;
      behind = place + 1;
    }
  }
  if (begun && piece.end > first) parts.push_back({first, piece.end});
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

std::vector<Piece> pieces_of(const Entity& entity) {
  if (!entity.pieces.empty()) return entity.pieces;
  return {{entity.span.start, entity.span.end}};
}

std::vector<Piece> brat_pieces(const CodePoints& text, const Entity& entity) {
  std::vector<Piece> parts;
  for (const Piece& piece : pieces_of(entity)) cut_piece(text, piece, parts);
  // Each of its pieces may be blank, the whole is not.
  if (parts.empty()) cut_piece(text, {entity.span.start, entity.span.end}, parts);
  return parts;
}

std::vector<std::string_view> brat_parts(std::string_view text, char separator, bool empty_too) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    if (const auto part = text.substr(0, end); empty_too || !part.empty()) parts.push_back(part);
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace relatum::task
