// TACRED's JSON: objects with tokens and the token ranges of subject and object.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "io/json.h"
#include "task/dataset.h"
#include "task/fields.h"
#include "task/json_document.h"
#include "task/json_rows.h"
#include "task/offsets.h"
#include "task/tacred_labels.h"

namespace relatum::task {
namespace {

using nlohmann::json;

/// The tokens joined by one space or, where convert wrote the text beside them, where they stand
/// in that text.
TokenText tokens_of(const json& row, const std::string& place) {
  const std::vector<std::string> tokens = io::require_strings(row, "token", place);
  if (!io::find(row, "text") || !io::find(row, "token_start")) return join_tokens(tokens);
  TokenText placed;
  placed.text = io::require_string(row, "text", place);
  const std::vector<int64_t> starts = io::require_ints(row, "token_start", place);
  if (starts.size() != tokens.size()) {
    fail("task.tacred", place + ": 'token_start' and 'token' have different lengths");
  }
  size_t at = 0;
  int64_t reached = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (starts[i] >= reached) {
      at += utf8_offset(std::string_view(placed.text).substr(at), starts[i] - reached);
    }
    if (starts[i] < reached || !std::string_view(placed.text).substr(at).starts_with(tokens[i])) {
      fail("task.tacred", fmt::format("{}: token {}, '{}', does not stand at {} in 'text'", place,
                                      i, printable_start(tokens[i], 40), starts[i]));
    }
    at += tokens[i].size();
    reached = starts[i] + utf8_length(tokens[i]);
    placed.tokens.push_back({starts[i], reached});
  }
  return placed;
}

/// The entity whose first and last token (inclusive) the row names.
Span entity(const json& row, const std::string& name, const std::vector<Piece>& tokens,
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
      "id",           "docid",        "relation",      "token",           "subj_start",
      "subj_end",     "subj_type",    "obj_start",     "obj_end",         "obj_type",
      "stanford_pos", "stanford_ner", "stanford_head", "stanford_deprel", "text",
      "token_start",  "subj_id",      "obj_id",        "entities",        "evidence",
      "unlabelled",   "pair"};
  return names;
}

Example parse_pair(const json& row, const JsonRow& source, RowSink& rows) {
  const std::string place = fmt::format("row {}", source.number);
  Example example;
  example.line = source.line;
  const TokenText tokens = tokens_of(row, place);
  example.text = tokens.text;
  example.id = id_of(row, "id", place);
  example.head = entity(row, "subj", tokens.tokens, place);
  example.tail = entity(row, "obj", tokens.tokens, place);
  if (io::find(row, "relation")) example.label = io::require_string(row, "relation", place);
  check_columns(row, tokens.tokens.size(), source.line, rows);
  return example;
}

/// Rows; those that convert wrote of one document become one again.
class Parser {
 public:
  ParsedRow parse(const JsonRow& source, RowSink& rows) {
    const std::string place = fmt::format("row {}", source.number);
    const json row = io::parse_json(source.text, place);
    need(row, "token", place);
    for (const auto& [key, value] : row.items()) {
      if (std::find(keys().begin(), keys().end(), key) == keys().end()) {
        rows.unknown_field(key, keys(), source.line);
      }
    }
    // What throws comes first, so that a bad row does not take the document before it along.
    ParsedRow parsed;
    if (io::find(row, "entities")) {
      Document next = begin_document(row, source, rows);
      add_relation(row, next);
      parsed.document = std::exchange(open_, std::move(next));
    } else if (open_ && io::find(row, "subj_id") && id_of(row, "docid", "the row") == open_->id) {
      add_relation(row, *open_);
    } else {
      parsed.example = parse_pair(row, source, rows);
      parsed.document = std::exchange(open_, std::nullopt);
    }
    return parsed;
  }

  void finish(RowSink& rows) {
    if (!open_) return;
    rows.at_row(open_->row);
    rows.add_document(std::move(*open_));
  }

 private:
  static Document begin_document(const json& row, const JsonRow& source, RowSink& rows) {
    json document = {{"id", id_of(row, "docid", "the row")},
                     {"text", tokens_of(row, "the row").text},
                     {"entities", row["entities"]}};
    if (!io::find(row, "unlabelled")) document["relations"] = json::array();
    if (const json* pair = io::find(row, "pair")) document["pair"] = *pair;
    Document begun = parse_document(document, source.line, rows);
    begun.row = source.row;  // it is handed on when the next row was read
    return begun;
  }

  static void add_relation(const json& row, Document& document) {
    if (!io::find(row, "subj_id")) return;  // a document without a relation
    json relation = {{"head", row["subj_id"]},
                     {"tail", id_of(row, "obj_id", "the row")},
                     {"label", io::require_string(row, "relation", "the row")}};
    if (io::find(row, "evidence")) relation["evidence"] = row["evidence"];
    document.relations.push_back(parse_relation(relation, "the row"));
  }

  std::optional<Document> open_;
};

void read(std::string_view bytes, RowSink& rows) {
  Parser parser;
  read_json_items(bytes, rows,
                  [&](const JsonRow& source, RowSink& sink) { return parser.parse(source, sink); });
  parser.finish(rows);
}

void read_lines(std::istream& input, RowSink& rows) {
  Parser parser;
  read_json_item_lines(input, rows, [&](const JsonRow& source, RowSink& sink) {
    return parser.parse(source, sink);
  });
  parser.finish(rows);
}

bool of_documents(std::string_view bytes) { return has_first_key(bytes, "entities"); }

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
      .name = "tacred",
      .description = "TACRED's JSON, an array or lines (token, subj_start, obj_start, relation …)",
      .inventory = tacred_labels,
      .sniff = sniff,
      .read = read,
      .official = "tacred_micro",
      .read_lines = read_lines,
      .documents = true,
      .of_documents = of_documents};
  return format;
}

}  // namespace relatum::task
