// FewRel's JSON: an object of relations, each with a list of {"tokens","h","t"}.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"
#include "io/text_file.h"
#include "task/dataset.h"
#include "task/fields.h"
#include "task/json_array.h"
#include "task/json_rows.h"
#include "task/offsets.h"

namespace relatum::task {
namespace {

using nlohmann::json;

/// ["name", "Q42", [[3, 4], [9]]]: where it stands several times, the first place counts.
Span entity(const json& row, const char* key, const TokenText& tokens) {
  const json& list = io::require_array(row, key, "the row");
  const std::string name = fmt::format("'{}'", key);
  if (list.size() < 3 || !list[2].is_array() || list[2].empty()) {
    fail("task.fewrel", name + ": expected a name, an id and a list of token numbers");
  }
  const std::vector<int64_t> numbers = whole_numbers(list[2][0], name);
  if (numbers.empty()) fail("task.fewrel", name + ": expected token numbers");
  const auto [least, most] = std::minmax_element(numbers.begin(), numbers.end());
  const Piece piece = token_range(tokens, *least, *most, name);
  return {piece.start, piece.end, ""};
}

Example parse_row(const JsonElement& source, const std::string& label) {
  const json row = io::parse_json(source.text, "the row");
  const TokenText tokens = join_tokens(io::require_strings(row, "tokens", "the row"));
  Example example;
  example.id = fmt::format("{}-{}", label, source.number);
  example.text = tokens.text;
  example.head = entity(row, "h", tokens);
  example.tail = entity(row, "t", tokens);
  example.label = label;
  return example;
}

void read_relation(std::string_view key, const JsonElement& value, RowSink& rows) {
  if (const std::string odd = io::encoding_problem(key, false); !odd.empty()) {
    return rows.bad_bytes(value.line, odd);
  }
  std::string label;
  try {
    label = io::parse_json(fmt::format("\"{}\"", key), "the relation's name").get<std::string>();
  } catch (const Error& error) {
    return rows.bad(value.line, error);
  }
  const JsonFault fault = walk_json_array(value.text, [&](const JsonElement& element) {
    const int64_t line = value.line + element.line - 1;
    if (const std::string odd = io::encoding_problem(element.text, false); !odd.empty()) {
      return rows.bad_bytes(line, odd);
    }
    Example example;
    try {
      example = parse_row(element, label);
    } catch (const Error& error) {
      return rows.bad(
          line, fmt::format("row {} of '{}': {}", element.number, label, bare_sentence(error)));
    }
    example.line = line;
    rows.add(std::move(example));
  });
  if (!fault) return;
  rows.bad(value.line + fault.line - 1, fmt::format("relation '{}': {}", label, fault.sentence));
}

void read(std::string_view bytes, RowSink& rows) {
  const JsonFault fault = walk_json_object(
      bytes,
      [&](std::string_view key, const JsonElement& value) { read_relation(key, value, rows); });
  if (fault) rows.fatal(fault.sentence + ".", fault.line);
}

bool sniff(std::string_view, std::string_view first) {
  const std::vector<std::string> keys = first_keys(first);
  if (keys.empty() || first[first.find_first_not_of(" \t\r\n")] != '{') return false;
  const std::string_view value = first_value(first, keys.front());
  const size_t row = value.starts_with('[') ? value.find_first_not_of(" \t\r\n", 1) : value.npos;
  if (row == value.npos || value[row] != '{') return false;
  return has_first_keys(value.substr(row), {"tokens", "h", "t"});
}

}  // namespace

const DatasetFormat& dataset_fewrel() {
  static const DatasetFormat format = {
      .name = "fewrel",
      .description = "FewRel's JSON: an object of relations, each with rows of tokens, h and t",
      .sniff = sniff,
      .read = read};
  return format;
}

}  // namespace relatum::task
