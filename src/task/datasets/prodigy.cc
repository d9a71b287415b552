// Prodigy's JSON lines of relations: spans, and relations between them by token numbers.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"
#include "task/dataset.h"
#include "task/fields.h"
#include "task/json_rows.h"
#include "task/offsets.h"

namespace relatum::task {
namespace {

using nlohmann::json;

/// Where the row's tokens are, by their numbers.
std::vector<Piece> parse_tokens(const json& row) {
  std::vector<Piece> tokens;
  if (!io::find(row, "tokens")) return tokens;
  for (const json& token : io::require_array(row, "tokens", "the row")) {
    const std::string name = fmt::format("token {}", tokens.size());
    tokens.push_back({io::require_int(token, "start", name), io::require_int(token, "end", name)});
  }
  return tokens;
}

/// The entity of a span, which joins the document where no entity has this place and label.
std::string entity_at(Document& document, const Span& span) {
  for (const Entity& entity : document.entities) {
    if (entity.span.start == span.start && entity.span.end == span.end &&
        (span.type.empty() || entity.span.type == span.type)) {
      return entity.id;
    }
  }
  document.entities.push_back({fmt::format("T{}", document.entities.size() + 1), span});
  return document.entities.back().id;
}

Span parse_span(const json& object, const std::string& name) {
  return {io::require_int(object, "start", name), io::require_int(object, "end", name),
          io::get_string(object, "label", "", name)};
}

/// An end of a relation: "head_span" where it is there, else the entity of token "head".
std::string parse_end(const json& relation, const std::string& key, Document& document,
                      const std::vector<Piece>& tokens, const std::string& name) {
  const std::string span_key = key + "_span";
  if (io::find(relation, span_key)) {
    return entity_at(
        document, parse_span(io::require_object(relation, span_key, name), name + ", " + span_key));
  }
  const int64_t token = io::require_int(relation, key, name);
  if (token < 0 || token >= int64_t(tokens.size())) {
    fail("task.prodigy", fmt::format("{}: there is no token {}", name, token));
  }
  const Piece place = tokens[size_t(token)];
  for (const Entity& entity : document.entities) {
    if (entity.span.start <= place.start && place.end <= entity.span.end) return entity.id;
  }
  return entity_at(document, {place.start, place.end, ""});
}

ParsedRow parse_row(const JsonRow& source, RowSink& rows) {
  const std::string place = "the row";
  const json row = io::parse_json(source.text, place);
  const std::string answer = io::get_string(row, "answer", "accept", place);
  if (answer != "accept") {
    rows.odd("rows that were rejected or ignored in Prodigy are passed over", source.line);
    return {};
  }
  Document document;
  document.id = id_of(row, "id", place);
  document.line = source.line;
  document.text = text_of(row, "text", place);
  if (io::find(row, "spans")) {
    for (const json& each : io::require_array(row, "spans", place)) {
      const std::string id = fmt::format("T{}", document.entities.size() + 1);
      document.entities.push_back({id, parse_span(each, "span " + id)});
    }
  }
  document.unlabelled = !io::find(row, "relations");
  if (document.unlabelled && !io::find(row, "spans")) {
    fail("task.prodigy",
         fmt::format("{}: has neither 'spans' nor 'relations', which rows that were "
                     "annotated in Prodigy have",
                     place));
  }
  if (document.unlabelled) return {{}, std::move(document)};
  const std::vector<Piece> tokens = parse_tokens(row);
  for (const json& each : io::require_array(row, "relations", place)) {
    const std::string name = fmt::format("relation {}", document.relations.size() + 1);
    Relation relation;
    relation.head = parse_end(each, "head", document, tokens, name);
    relation.tail = parse_end(each, "child", document, tokens, name);
    relation.label = io::require_string(each, "label", name);
    document.relations.push_back(std::move(relation));
  }
  return {{}, std::move(document)};
}

bool sniff(std::string_view, std::string_view first) {
  if (!has_first_key(first, "text") || has_first_key(first, "ents") ||
      has_first_key(first, "entities") || has_first_key(first, "head")) {
    return false;
  }
  return has_first_key(first, "_input_hash") || has_first_key(first, "_task_hash") ||
         (has_first_key(first, "tokens") && has_first_key(first, "relations")) ||
         has_first_key(first, "spans");
}

}  // namespace

const DatasetFormat& dataset_prodigy() {
  static const DatasetFormat format = {
      .name = "prodigy",
      .description = "Prodigy's JSON lines: text, tokens, spans and relations (head, child)",
      .sniff = sniff,
      .read = read_json<parse_row>,
      .read_lines = read_json_lines<parse_row>,
      .documents = true};
  return format;
}

}  // namespace relatum::task
