// Walks over code points, escapes them, leaves some out, and opens and closes marks.
#include "page/html_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/hidden_character.h"
#include "base/utf8.h"

namespace relatum::page {
namespace {

constexpr int64_t kWhole = 600;  // code points: texts up to here are shown whole
constexpr int64_t kNear = 150;   // of longer ones, this much on both sides of an entity's ends
constexpr int64_t kLongestName = 120;
constexpr std::string_view kGap = " … ";

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
  } else if (is_hidden(uint32_t(code))) {
    safe += fmt::format("[U+{:04X}]", code);
  } else {
    safe += bytes;
  }
}

/// 0: outside both entities, 1: head, 2: tail, 3: both.
int entities_at(const task::Example& example, int64_t place) {
  const auto within = [&](const task::Span& span) {
    return place >= span.start && place < span.end;
  };
  return (within(example.head) ? 1 : 0) + (within(example.tail) ? 2 : 0);
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string safe;
  for_code_points(text, [&](int32_t code, std::string_view bytes) { append(code, bytes, safe); });
  return safe;
}

std::string escape_start(std::string_view text, int64_t most) {
  const std::string_view start = utf8_slice(text, 0, most);
  return escape_html(start) + (start.size() < text.size() ? "…" : "");
}

std::string name_html(std::string_view name) {
  return "<bdi>" + escape_start(name, kLongestName) + "</bdi>";
}

task::Example excerpt_of(const task::Example& example) {
  if (utf8_length(example.text) <= kWhole) return example;
  const std::array<int64_t, 4> ends = {example.head.start, example.head.end, example.tail.start,
                                       example.tail.end};
  task::Example excerpt = example;
  excerpt.text.clear();
  std::array<int64_t, 4> moved = ends;
  int64_t place = 0, length = 0;
  bool gap = false;
  for_code_points(example.text, [&](int32_t, std::string_view bytes) {
    for (size_t e = 0; e < ends.size(); ++e) {
      if (ends[e] == place) moved[e] = length;
    }
    const bool shown = std::any_of(ends.begin(), ends.end(),
                                   [&](int64_t end) { return std::abs(place - end) <= kNear; });
    ++place;
    if (shown) {
      excerpt.text += bytes;
      ++length;
    } else if (!gap) {
      excerpt.text += kGap;
      length += utf8_length(kGap);
    }
    gap = !shown;
  });
  for (size_t e = 0; e < ends.size(); ++e) {
    if (ends[e] == place) moved[e] = length;
  }
  excerpt.head.start = moved[0];
  excerpt.head.end = moved[1];
  excerpt.tail.start = moved[2];
  excerpt.tail.end = moved[3];
  return excerpt;
}

std::string sentence_html(const task::Example& example) {
  static constexpr std::array<const char*, 4> kOpen = {
      "", "<mark class=\"head\">", "<mark class=\"tail\">", "<mark class=\"head tail\">"};
  const task::Example shown = excerpt_of(example);
  std::string html;
  int open = 0;
  int64_t place = 0;
  for_code_points(shown.text, [&](int32_t code, std::string_view bytes) {
    const int wanted = entities_at(shown, place++);
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

}  // namespace relatum::page
