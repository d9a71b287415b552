// JSON lines: {"id","text","head":{"start","end","type"},"tail":{…},"label"}, code point offsets.
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"
#include "task/dataset.h"

namespace relatum::task {
namespace {

using nlohmann::json;

Span parse_span(const json& row, std::string_view name, const std::string& place) {
  const json& object = io::require_object(row, name, place);
  Span span;
  span.start = io::require_int(object, "start", place);
  span.end = io::require_int(object, "end", place);
  span.type = io::get_string(object, "type", "", place);
  return span;
}

Example parse_row(std::string_view line, int64_t number) {
  const std::string place = "the row";  // Rows names file and line
  const json row = io::parse_json(line, place);
  Example example;
  example.line = number;
  // Ids are strings; a number's own digits are as good as one.
  const json* id = io::find(row, "id");
  example.id = id && id->is_number_integer() ? id->dump() : io::require_string(row, "id", place);
  example.text = io::require_string(row, "text", place);
  example.head = parse_span(row, "head", place);
  example.tail = parse_span(row, "tail", place);
  if (io::find(row, "label")) example.label = io::require_string(row, "label", place);
  return example;
}

void read_line(std::string_view line, int64_t number, Rows& rows) {
  if (line.find_first_not_of(" \t\r") == line.npos) return;
  Example example;
  try {
    example = parse_row(line, number);
  } catch (const Error& error) {
    rows.bad(number, error);
    return;
  }
  rows.add(std::move(example));
}

void read(std::string_view bytes, Rows& rows) {
  for (int64_t number = 1; !bytes.empty(); ++number) {
    const size_t end = bytes.find('\n');
    read_line(bytes.substr(0, end), number, rows);
    bytes = end == bytes.npos ? "" : bytes.substr(end + 1);
  }
}

bool sniff(std::string_view, std::string_view first) {
  const size_t at = first.find_first_not_of(" \t\r\n");
  return at != first.npos && first[at] == '{' && first.find("\"doc_key\"") == first.npos;
}

}  // namespace

const DatasetFormat& dataset_jsonl() {
  static const DatasetFormat format = {
      "jsonl", "JSON lines with id, text, head, tail and label", nullptr, sniff, read};
  return format;
}

}  // namespace relatum::task
