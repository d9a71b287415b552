// TACRED's JSON: an array of objects with tokens and the token ranges of subject and object.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"
#include "task/dataset.h"
#include "task/json_array.h"
#include "task/tacred_labels.h"
#include "task/utf8.h"

namespace relatum::task {
namespace {

using nlohmann::json;

/// Code point ranges of the tokens in their joined text.
std::vector<Span> join_tokens(const std::vector<std::string>& tokens, std::string& text) {
  std::vector<Span> places;
  int64_t length = 0;
  for (const std::string& token : tokens) {
    if (!places.empty()) {
      text += ' ';
      ++length;
    }
    Span place;
    place.start = length;
    length += utf8_length(token);
    place.end = length;
    places.push_back(place);
    text += token;
  }
  return places;
}

/// The entity whose first and last token (inclusive) the row names.
Span entity(const json& row, const std::string& name, const std::vector<Span>& tokens,
            const std::string& place) {
  const int64_t first = io::require_int(row, name + "_start", place);
  const int64_t last = io::require_int(row, name + "_end", place);
  if (first < 0 || last < first || last >= int64_t(tokens.size()))
    fail("task.tacred",
         fmt::format("{}: {}_start {} and {}_end {} do not lie in the {} tokens", place, name,
                     first, name, last, tokens.size()));
  Span span;
  span.start = tokens[size_t(first)].start;
  span.end = tokens[size_t(last)].end;
  span.type = io::get_string(row, name + "_type", "", place);
  return span;
}

Example parse_row(const JsonElement& element, const std::string& place) {
  const json row = io::parse_json(element.text, place);
  Example example;
  example.line = element.line;
  example.id = io::require_string(row, "id", place);
  const std::vector<Span> tokens =
      join_tokens(io::require_strings(row, "token", place), example.text);
  example.head = entity(row, "subj", tokens, place);
  example.tail = entity(row, "obj", tokens, place);
  if (io::find(row, "relation")) example.label = io::require_string(row, "relation", place);
  return example;
}

void read(std::string_view bytes, Rows& rows) {
  const std::string problem = walk_json_array(bytes, [&](const JsonElement& element) {
    Example example;
    try {
      example = parse_row(element, fmt::format("row {}", element.number));
    } catch (const Error& error) {
      rows.bad(element.line, error);
      return;
    }
    rows.add(std::move(example));
  });
  if (!problem.empty()) rows.fatal(problem + ".");
}

bool sniff(std::string_view, std::string_view first) {
  const size_t at = first.find_first_not_of(" \t\r\n");
  return at != first.npos && first[at] == '[';
}

}  // namespace

const DatasetFormat& dataset_tacred() {
  static const DatasetFormat format = {
      "tacred", "TACRED's JSON array (tokens, subj_start, obj_start, relation …)", tacred_labels,
      sniff, read, "tacred_micro"};
  return format;
}

}  // namespace relatum::task
