// TACRED's JSON: objects with tokens and the token ranges of subject and object.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/utf8.h"
#include "io/json.h"
#include "task/dataset.h"
#include "task/fields.h"
#include "task/json_rows.h"
#include "task/tacred_labels.h"

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
  need(row, name + "_start", place);
  need(row, name + "_end", place);
  const int64_t first = io::require_int(row, name + "_start", place);
  const int64_t last = io::require_int(row, name + "_end", place);
  if (first < 0 || last < first || last >= int64_t(tokens.size())) {
    fail("task.tacred", fmt::format("{}: {}_start {} and {}_end {} do not lie in the {} tokens",
                                    place, name, first, name, last, tokens.size()));
  }
  Span span;
  span.start = tokens[size_t(first)].start;
  span.end = tokens[size_t(last)].end;
  span.type = io::get_string(row, name + "_type", "", place);
  return span;
}

/// Lists that have one entry a token in TACRED's own files: others mean that tokens were changed.
void check_columns(const json& row, size_t tokens, int64_t line, RowSink& rows) {
  for (const char* key : {"stanford_pos", "stanford_ner", "stanford_head", "stanford_deprel"}) {
    const json* list = io::find(row, key);
    if (list && list->is_array() && list->size() != tokens) {
      rows.odd(fmt::format("'{}' has another length than 'token', so the token numbers of subject "
                           "and object may be those of other tokens",
                           key),
               line);
    }
  }
}

const std::vector<std::string>& keys() {
  static const std::vector<std::string> names = {
      "id",           "docid",        "relation",      "token",          "subj_start",
      "subj_end",     "subj_type",    "obj_start",     "obj_end",        "obj_type",
      "stanford_pos", "stanford_ner", "stanford_head", "stanford_deprel"};
  return names;
}

Example parse_row(const JsonRow& source, RowSink& rows) {
  const std::string place = fmt::format("row {}", source.number);
  const json row = io::parse_json(source.text, place);
  Example example;
  example.line = source.line;
  need(row, "token", place);
  const std::vector<Span> tokens = join_tokens(io::require_strings(row, "token", place),
                                               example.text);
  example.id = id_of(row, "id", place);
  example.head = entity(row, "subj", tokens, place);
  example.tail = entity(row, "obj", tokens, place);
  if (io::find(row, "relation")) example.label = io::require_string(row, "relation", place);
  check_columns(row, tokens.size(), source.line, rows);
  for (const auto& [key, value] : row.items()) {
    if (std::find(keys().begin(), keys().end(), key) == keys().end()) {
      rows.unknown_field(key, keys(), source.line);
    }
  }
  return example;
}

void read(std::string_view bytes, RowSink& rows) { read_json_rows(bytes, rows, parse_row); }

void read_lines(std::istream& input, RowSink& rows) { read_json_lines(input, rows, parse_row); }

bool sniff(std::string_view, std::string_view first) {
  const std::vector<std::string> found = first_keys(first);
  const auto has = [&](const char* key) {
    return std::find(found.begin(), found.end(), key) != found.end();
  };
  // OpenNRE's lines have "token", too, with "h" and "t".
  return (has("token") && !has("h")) || has("subj_start") || has("obj_start");
}

}  // namespace

const DatasetFormat& dataset_tacred() {
  static const DatasetFormat format = {
      "tacred",      "TACRED's JSON, an array or lines (token, subj_start, obj_start, relation …)",
      tacred_labels, sniff,
      read,          "tacred_micro",
      read_lines};
  return format;
}

}  // namespace relatum::task
