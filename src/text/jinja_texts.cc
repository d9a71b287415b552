// Stripping, splitting, replacing and case of marked texts.
#include "text/jinja_texts.h"

#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "base/utf8.h"
#include "text/jinja_string.h"
#include "text/unicode.h"

namespace relatum::text::jinja {
namespace {

/// A text with every stretch of it, of data or not, turned by `turn`.
template <class Turn>
MarkedText turned(const MarkedText& text, const Turn& turn) {
  MarkedText out;
  const std::string_view all = text.text;
  size_t at = 0;
  for (const DataRange& range : text.data) {
    out.append(turn(all.substr(at, range.begin - at)));
    out.append(turn(all.substr(range.begin, range.end - range.begin)), true);
    at = range.end;
  }
  out.append(turn(all.substr(at)));
  return out;
}

std::string upper_case(std::string_view text) {
  std::string out;
  icu::UnicodeString::fromUTF8({text.data(), int32_t(text.size())})
      .toUpper(icu::Locale::getRoot())
      .toUTF8String(out);
  return out;
}

std::vector<Value> split_at_spaces(const MarkedText& text, int64_t most, Budget& budget) {
  std::vector<Value> parts;
  const std::string_view all = text.text;
  for (size_t at = python_strip_begin(all); at < all.size();) {
    size_t end = at;
    if (most >= 0 && int64_t(parts.size()) == most) {
      end = all.size();
    } else {
      while (end < all.size() && python_strip_begin(all.substr(end)) == 0) {
        end += utf8_at(all, end).size;
      }
    }
    budget.spend(64 + 2 * (end - at));
    parts.push_back(Value::text(text.slice(at, end)));
    at = end + python_strip_begin(all.substr(end));
  }
  return parts;
}

}  // namespace

MarkedText stripped(const MarkedText& text, const MarkedText* chars, Ends ends) {
  const std::string_view all = text.text;
  size_t begin = 0, end = all.size();
  if (!chars) {
    if (ends.left) begin = python_strip_begin(all);
    if (ends.right) end = std::max(begin, python_strip_end(all));
    return text.slice(begin, end);
  }
  const std::u32string set = to_utf32(chars->text);
  const auto strips = [&](size_t at) {
    const Utf8Char c = utf8_at(all, at);
    return c.code >= 0 && set.find(char32_t(c.code)) != set.npos;
  };
  while (ends.left && begin < end && strips(begin)) begin += utf8_at(all, begin).size;
  while (ends.right && end > begin) {
    size_t last = end - 1;
    while (last > begin && continues_char(all[last])) --last;
    if (!strips(last)) break;
    end = last;
  }
  return text.slice(begin, end);
}

size_t find_part(std::string_view text, std::string_view part, size_t from, Budget& budget) {
  const size_t found = text.find(part, from);
  const size_t seen = std::min(found, text.size()) - std::min(from, text.size());
  // At worst each place is compared to the end.
  budget.spend(16 + seen / 16 * (1 + part.size() / 32));
  return found;
}

std::vector<Value> split(const MarkedText& text, const MarkedText* separator, int64_t most,
                         Budget& budget) {
  if (!separator) return split_at_spaces(text, most, budget);
  std::vector<Value> parts;
  size_t at = 0;
  while (most < 0 || int64_t(parts.size()) < most) {
    const size_t found = find_part(text.text, separator->text, at, budget);
    if (found == std::string::npos) break;
    budget.spend(64 + 2 * (found - at));
    parts.push_back(Value::text(text.slice(at, found)));
    at = found + separator->text.size();
  }
  parts.push_back(Value::text(text.slice(at, text.text.size())));
  return parts;
}

MarkedText replaced(const MarkedText& text, const MarkedText& old, const MarkedText& now,
                    int64_t most, Budget& budget) {
  MarkedText out;
  size_t at = 0;
  for (int64_t count = 0; most < 0 || count < most; ++count) {
    const size_t found = find_part(text.text, old.text, at, budget);
    if (found == std::string::npos) break;
    budget.spend(16 + found - at + now.memory());
    out.append(text, at, found);
    out.append(now);
    at = found + old.text.size();
  }
  out.append(text, at, text.text.size());
  return out;
}

MarkedText upper(const MarkedText& text) { return turned(text, upper_case); }
MarkedText lower(const MarkedText& text) { return turned(text, full_lower_case); }

MarkedText capitalized(const MarkedText& text) {
  if (text.text.empty()) return {};
  const size_t first = utf8_at(text.text, 0).size;
  const MarkedText large = upper(text.slice(0, first));  // of one letter it may make two
  const size_t head = utf8_at(large.text, 0).size;
  MarkedText out = large.slice(0, head);
  out.append(lower(large.slice(head, large.text.size())));
  out.append(lower(text.slice(first, text.text.size())));
  return out;
}

MarkedText titled(const MarkedText& text) {
  MarkedText out;
  bool within = false;  // a word
  for (size_t at = 0; at < text.text.size();) {
    const Utf8Char c = utf8_at(text.text, at);
    const MarkedText one = text.slice(at, at + c.size);
    out.append(within ? lower(one) : capitalized(one));
    within = c.code >= 0 && (u_isUUppercase(c.code) || u_isULowercase(c.code) || u_istitle(c.code));
    at += c.size;
  }
  return out;
}

}  // namespace relatum::text::jinja
