// Walks over code points, escapes them, and opens and closes marks.
#include "task/html_text.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>

#include "base/utf8.h"

namespace relatum::task {
namespace {

constexpr int64_t kWhole = 600;  // code points: texts up to here are shown whole
constexpr int64_t kNear = 150;   // of longer ones, this much on both sides of an entity's ends

bool is_unseen(int32_t code) {
  return code == 0x200b || code == 0x2028 || code == 0x2029 || code == 0xfeff ||
         (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
         (code >= 0x80 && code < 0xa0);
}

void append(int32_t code, std::string_view bytes, std::string& safe) {
  switch (code) {
    case '&': safe += "&amp;"; return;
    case '<': safe += "&lt;"; return;
    case '>': safe += "&gt;"; return;
    case '"': safe += "&quot;"; return;
    case '\'': safe += "&#39;"; return;
    default: break;
  }
  if (code < 0) {
    safe += "\uFFFD";
  } else if (code < 0x20) {
    safe += fmt::format("&#x{:x};", 0x2400 + code);
  } else if (code == 0x7f) {
    safe += "&#x2421;";
  } else if (is_unseen(code)) {
    safe += fmt::format("[U+{:04X}]", code);
  } else {
    safe += bytes;
  }
}

/// 0: outside both entities, 1: head, 2: tail, 3: both.
int entities_at(const Example& example, int64_t place) {
  const auto within = [&](const Span& span) { return place >= span.start && place < span.end; };
  return (within(example.head) ? 1 : 0) + (within(example.tail) ? 2 : 0);
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string safe;
  for_code_points(text, [&](int32_t code, std::string_view bytes) { append(code, bytes, safe); });
  return safe;
}

std::string sentence_html(const Example& example) {
  static constexpr std::array<const char*, 4> kOpen = {
      "", "<mark class=\"head\">", "<mark class=\"tail\">", "<mark class=\"head tail\">"};
  const bool whole = utf8_length(example.text) <= kWhole;
  const auto shown = [&](int64_t place) {
    for (const int64_t end :
         {example.head.start, example.head.end, example.tail.start, example.tail.end}) {
      if (std::abs(place - end) <= kNear) return true;
    }
    return whole;
  };
  std::string html;
  int open = 0;
  bool gap = false;
  int64_t place = 0;
  for_code_points(example.text, [&](int32_t code, std::string_view bytes) {
    const int64_t here = place++;
    if (!shown(here)) {
      if (!gap) html += " … ";
      gap = true;
      return;
    }
    gap = false;
    const int wanted = entities_at(example, here);
    if (wanted != open) {
      if (open) html += "</mark>";
      html += kOpen[size_t(wanted)];
      open = wanted;
    }
    append(code, bytes, html);
  });
  if (open) html += "</mark>";
  return html;
}

}  // namespace relatum::task
