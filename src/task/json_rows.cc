// Tells the two forms apart by their first byte; looks at keys without parsing what may be cut.
#include "task/json_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "io/text_file.h"
#include "task/json_array.h"

namespace relatum::task {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr size_t kMostKeys = 64;

void read_row(const JsonRow& source, RowSink& rows, const ParseRow& parse) {
  rows.at_row(source.row);
  ParsedRow row;
  if (const std::string odd = io::encoding_problem(source.text, false); !odd.empty()) {
    return rows.bad_bytes(source.line, odd);
  }
  try {
    row = parse(source, rows);
  } catch (const Error& error) {
    return rows.bad(source.line, error);
  }
  const auto number = source.row > 0 ? std::optional(source.row - 1) : std::nullopt;
  if (row.document) {
    if (row.document->row > 0) rows.at_row(row.document->row);  // an earlier one
    rows.add_document(std::move(*row.document), number);
    rows.at_row(source.row);
  }
  if (row.example) rows.add(std::move(*row.example), number);
}

/// The string that starts with the quote at `at`, without its quotes; moves behind it.
std::string_view take_string(std::string_view text, size_t& at) {
  const size_t begin = ++at;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  const size_t end = std::min(at++, text.size());
  return text.substr(begin, end - begin);
}

/// Takes line after line of rows.
class LineRows {
 public:
  LineRows(RowSink& rows, const ParseRow& parse) : rows_(rows), parse_(parse) {}

  /// `text` is what stood before a line feed; a carriage return within it ends a line, too.
  void take(std::string_view text) {
    if (text.ends_with('\r')) text.remove_suffix(1);
    while (true) {
      const size_t end = text.find('\r');
      const std::string_view row = text.substr(0, end);
      ++line_;
      if (row.find_first_not_of(kBlanks) != row.npos) {
        read_row({row, line_, ++number_}, rows_, parse_);
      }
      if (end == text.npos) return;
      text.remove_prefix(end + 1);
    }
  }
  int64_t lines() const { return line_; }

 private:
  RowSink& rows_;
  const ParseRow& parse_;
  int64_t line_ = 0, number_ = 0;
};

}  // namespace

void read_json_items(std::string_view bytes, RowSink& rows, const ParseRow& parse) {
  const size_t start = bytes.find_first_not_of(kBlanks);
  if (start != bytes.npos && bytes[start] == '[') {
    const JsonFault fault = walk_json_array(bytes, [&](const JsonElement& element) {
      read_row({element.text, element.line, element.number, element.number}, rows, parse);
    });
    rows.at_row(0);
    if (fault) rows.fatal(fault.sentence + ".", fault.line);
    return;
  }
  LineRows lines(rows, parse);
  io::for_lines(bytes, [&](std::string_view line, int64_t) { lines.take(line); });
}

void read_json_item_lines(std::istream& input, RowSink& rows, const ParseRow& parse) {
  LineRows lines(rows, parse);
  bool begun = false;
  for (std::string whole; std::getline(input, whole);) {
    std::string_view rest = whole;
    if (lines.lines() == 0) {
      if (const std::string wide = io::wide_encoding(rest); !wide.empty()) {
        rows.fatal(fmt::format("the text {}: expected UTF-8. Save it as UTF-8.", wide));
      }
      rest = io::without_mark(rest);
    }
    const size_t start = rest.find_first_not_of(kBlanks);
    if (!begun && start != rest.npos && rest[start] == '[') {
      std::string text = std::string(size_t(lines.lines()), '\n') + std::string(rest) + '\n';
      text.append(std::istreambuf_iterator<char>(input), {});
      return read_json_items(text, rows, parse);
    }
    begun = begun || start != rest.npos;
    lines.take(rest);
  }
}

namespace {

/// Calls `each(key, what follows its colon)` for the keys of the first object, as far as it lies
/// in `first`, until it gives false.
template <class Each>
void walk_first_keys(std::string_view first, const Each& each) {
  size_t at = first.find_first_not_of(kBlanks), keys = 0;
  if (at != first.npos && first[at] == '[') at = first.find_first_not_of(kBlanks, at + 1);
  if (at == first.npos || first[at] != '{') return;
  int64_t depth = 0;
  while (at < first.size() && keys < kMostKeys) {
    const char c = first[at];
    if (c == '"') {
      const std::string_view string = take_string(first, at);
      const size_t next = at < first.size() ? first.find_first_not_of(kBlanks, at) : first.npos;
      if (depth != 1 || next == first.npos || first[next] != ':') continue;
      const size_t value = first.find_first_not_of(kBlanks, next + 1);
      if (!each(string, value == first.npos ? std::string_view{} : first.substr(value))) return;
      ++keys;
      continue;
    }
    depth += c == '{' || c == '[';
    depth -= c == '}' || c == ']';
    ++at;
    if (depth == 0) break;
  }
}

}  // namespace

std::vector<std::string> first_keys(std::string_view first) {
  std::vector<std::string> keys;
  walk_first_keys(first, [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return true;
  });
  return keys;
}

bool has_first_key(std::string_view first, std::string_view key) {
  bool found = false;
  walk_first_keys(first, [&](std::string_view each, std::string_view) {
    found = each == key;
    return !found;
  });
  return found;
}

bool has_first_keys(std::string_view first, std::initializer_list<std::string_view> keys) {
  return std::all_of(keys.begin(), keys.end(),
                     [&](std::string_view key) { return has_first_key(first, key); });
}

std::string_view first_value(std::string_view first, std::string_view key) {
  std::string_view value;
  walk_first_keys(first, [&](std::string_view each, std::string_view rest) {
    if (each != key) return true;
    value = rest;
    return false;
  });
  return value;
}

}  // namespace relatum::task
