// OpenNRE's JSON lines (wiki80, NYT10): "token" or "text", and the places of "h" and "t".
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/utf8.h"
#include "io/json.h"
#include "task/dataset.h"
#include "task/fields.h"
#include "task/json_rows.h"
#include "task/offsets.h"
#include "text/unicode.h"

namespace relatum::task {
namespace {

using nlohmann::json;

/// `tokens`: nullptr where the places count the text's code points.
Span entity(const json& row, const char* key, const TokenText* tokens, const std::string& text,
            bool& named_otherwise) {
  const json& object = io::require_object(row, key, "the row");
  const std::string name = fmt::format("'{}'", key);
  const std::vector<int64_t> pos = io::require_ints(object, "pos", name);
  if (pos.size() != 2) fail("task.opennre", name + ".pos: expected a start and an end");
  Span span;
  if (tokens) {
    const Piece piece = tokens_before(*tokens, pos[0], pos[1], name);
    span.start = piece.start;
    span.end = piece.end;
  } else {
    span.start = pos[0];
    span.end = pos[1];
  }
  // wiki80 names its entities in lower case.
  const std::string quoted = text::full_lower_case(io::get_string(object, "name", "", name));
  const std::string there = text::full_lower_case(utf8_slice(text, span.start, span.end));
  named_otherwise = named_otherwise || (!quoted.empty() && !same_words(there, quoted));
  return span;
}

ParsedRow parse_row(const JsonRow& source, RowSink& rows) {
  const json row = io::parse_json(source.text, "the row");
  Example example;
  example.line = source.line;
  example.id = id_of(row, "id", "the row");
  const bool has_tokens = io::find(row, "token") != nullptr;
  TokenText tokens;
  if (has_tokens) {
    tokens = join_tokens(io::require_strings(row, "token", "the row"));
    example.text = tokens.text;
  } else {
    example.text = text_of(row, "text", "the row");
  }
  bool named_otherwise = false;
  example.head = entity(row, "h", has_tokens ? &tokens : nullptr, example.text, named_otherwise);
  example.tail = entity(row, "t", has_tokens ? &tokens : nullptr, example.text, named_otherwise);
  if (io::find(row, "relation")) example.label = io::require_string(row, "relation", "the row");
  if (named_otherwise) {
    rows.odd("entities whose 'name' is another text than the one at their place", source.line);
  }
  return {std::move(example), {}};
}

bool sniff(std::string_view, std::string_view first) {
  return has_first_keys(first, {"h", "t"}) &&
         (has_first_key(first, "token") || has_first_key(first, "text"));
}

}  // namespace

const DatasetFormat& dataset_opennre() {
  static const DatasetFormat format = {
      .name = "opennre",
      .description = "OpenNRE's JSON lines, as wiki80 and NYT10: token or text, h, t, relation",
      .sniff = sniff,
      .read = read_json<parse_row>,
      .read_lines = read_json_lines<parse_row>};
  return format;
}

}  // namespace relatum::task
