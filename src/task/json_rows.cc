// Tells the two forms apart by their first byte; looks at keys without parsing what may be cut.
#include "task/json_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "io/text_file.h"
#include "task/json_array.h"

namespace relatum::task {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr size_t kMostKeys = 64;

void read_row(const JsonRow& source, bool in_array, Rows& rows,
              const std::function<Example(const JsonRow&, Rows&)>& parse) {
  Example example;
  if (const std::string odd = io::encoding_problem(source.text, false); !odd.empty())
    return rows.bad_bytes(source.line, odd);
  try {
    example = parse(source, rows);
  } catch (const Error& error) {
    return rows.bad(source.line, error);
  }
  rows.add(std::move(example),
           in_array ? std::optional(source.number - 1) : std::nullopt);
}

/// The string that starts with the quote at `at`, without its quotes; moves behind it.
std::string_view take_string(std::string_view text, size_t& at) {
  const size_t begin = ++at;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  const size_t end = std::min(at++, text.size());
  return text.substr(begin, end - begin);
}

}  // namespace

void read_json_rows(std::string_view bytes, Rows& rows,
                    const std::function<Example(const JsonRow&, Rows&)>& parse) {
  const size_t start = bytes.find_first_not_of(kBlanks);
  if (start != bytes.npos && bytes[start] == '[') {
    const std::string problem = walk_json_array(bytes, [&](const JsonElement& element) {
      read_row({element.text, element.line, element.number}, true, rows, parse);
    });
    if (!problem.empty()) rows.fatal(problem + ".");
    return;
  }
  int64_t number = 0;
  for (int64_t line = 1; !bytes.empty(); ++line) {
    const size_t end = bytes.find('\n');
    const std::string_view text = bytes.substr(0, end);
    if (text.find_first_not_of(" \t\r") != text.npos)
      read_row({text, line, ++number}, false, rows, parse);
    bytes = end == bytes.npos ? "" : bytes.substr(end + 1);
  }
}

std::vector<std::string> first_keys(std::string_view first) {
  std::vector<std::string> keys;
  size_t at = first.find_first_not_of(kBlanks);
  if (at != first.npos && first[at] == '[') at = first.find_first_not_of(kBlanks, at + 1);
  if (at == first.npos || first[at] != '{') return keys;
  int64_t depth = 0;
  while (at < first.size() && keys.size() < kMostKeys) {
    const char c = first[at];
    if (c == '"') {
      const std::string_view string = take_string(first, at);
      const size_t next = at < first.size() ? first.find_first_not_of(kBlanks, at) : first.npos;
      if (depth == 1 && next != first.npos && first[next] == ':') keys.emplace_back(string);
      continue;
    }
    depth += c == '{' || c == '[';
    depth -= c == '}' || c == ']';
    ++at;
    if (depth == 0) break;
  }
  return keys;
}

}  // namespace relatum::task
