// Offsets are ours: code points, the end exclusive.
#include "task/json_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "task/fields.h"
#include "task/forms.h"
#include "task/offsets.h"
#include "task/raw_row.h"

namespace relatum::task {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

void tell_unknown(const json& object, const std::string& prefix,
                  const std::vector<std::string>& known, int64_t line, RowSink& rows) {
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      rows.unknown_field(prefix + key, known, line);
    }
  }
}

ordered_json span_json(const Span& span) {
  ordered_json object = {{"start", span.start}, {"end", span.end}};
  if (!span.type.empty()) object["type"] = span.type;
  return object;
}

}  // namespace

std::vector<Piece> parse_pieces(const json& list, const std::string& what) {
  std::vector<Piece> pieces;
  for (const json& each : list) {
    const std::vector<int64_t> ends = whole_numbers(each, what);
    if (ends.size() != 2 || ends[0] >= ends[1]) {
      fail("task.row", what + ": expected pairs of a start and a larger end");
    }
    pieces.push_back({ends[0], ends[1]});
  }
  return pieces;
}

std::optional<double> parse_probability(const json& object, const std::string& place) {
  if (!io::find(object, "probability")) return std::nullopt;
  const double probability = io::require_double(object, "probability", place);
  if (probability >= 0 && probability <= 1) return probability;
  fail("task.row",
       fmt::format("{} has a probability of {}, which is not from 0 to 1", place, probability));
}

Entity parse_entity(const json& object, const std::string& place, const CodePoints& text) {
  if (!object.is_object()) fail("task.row", place + ": expected an object with start and end");
  const std::string id = id_of(object, "id", place);
  const std::string name = fmt::format("entity '{}'", printable_start(id, 40));
  const std::string type = io::get_string(object, "type", "", name);
  Entity entity;
  if (io::find(object, "pieces")) {
    const std::vector<Piece> pieces = parse_pieces(io::require_array(object, "pieces", name), name);
    if (pieces.empty()) fail("task.row", name + " has an empty list of pieces");
    entity = entity_of(id, type, pieces);
  }
  const bool placed = io::find(object, "pieces") != nullptr;
  for (const char* key : {"start", "end"}) {
    if (placed && !io::find(object, key)) continue;
    int64_t& place_of = *key == 's' ? entity.span.start : entity.span.end;
    const int64_t given = io::require_int(object, key, name);
    if (placed && given != place_of) {
      fail("task.row", fmt::format("{}: its {} {} contradicts its pieces", name, key, given));
    }
    place_of = given;
  }
  entity.id = id;
  entity.span.type = type;
  if (io::find(object, "cluster")) entity.cluster = id_of(object, "cluster", name);
  entity.probability = parse_probability(object, name);
  const std::string quoted = io::get_string(object, "text", "", name);
  if (quoted.empty() || text.length() == 0 || !entity.pieces.empty()) return entity;
  const std::string_view there = text.slice(entity.span.start, entity.span.end);
  if (seen_form(there) != seen_form(quoted)) {
    fail("task.row", fmt::format("{} from {} to {} is '{}' in the text, and the row says '{}'",
                                 name, entity.span.start, entity.span.end,
                                 printable_start(there, 40), printable_start(quoted, 40)));
  }
  return entity;
}

Relation parse_relation(const json& object, const std::string& place) {
  if (!object.is_object()) fail("task.row", place + ": expected an object with head and tail");
  Relation relation;
  for (const char* key : {"head", "tail"}) need(object, key, place);
  relation.head = id_of(object, "head", place);
  relation.tail = id_of(object, "tail", place);
  relation.label = io::require_string(object, "label", place);
  if (io::find(object, "evidence")) {
    relation.evidence = parse_pieces(io::require_array(object, "evidence", place), place);
  }
  relation.probability = parse_probability(object, place);
  return relation;
}

ordered_json pieces_json(const std::vector<Piece>& pieces) {
  ordered_json list = ordered_json::array();
  for (const Piece& piece : pieces) list.push_back({piece.start, piece.end});
  return list;
}

std::string json_line(const ordered_json& row) {
  return row.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

ordered_json entities_json(const Document& document) {
  ordered_json entities = ordered_json::array();
  for (const Entity& entity : document.entities) {
    ordered_json object = {{"id", entity.id}};
    object.update(span_json(entity.span));
    if (!entity.pieces.empty()) object["pieces"] = pieces_json(entity.pieces);
    if (!entity.cluster.empty()) object["cluster"] = entity.cluster;
    if (entity.probability) object["probability"] = *entity.probability;
    entities.push_back(std::move(object));
  }
  return entities;
}

Document parse_document(const json& row, int64_t line, RowSink& rows) {
  // `value` and `pairs` are what `suggest` says of a document.
  static const std::vector<std::string> kRow = {"id",   "text",  "entities", "relations",
                                                "pair", "value", "pairs"};
  static const std::vector<std::string> kRowAdapter = {"id",   "text",  "entities", "relations",
                                                       "pair", "value", "pairs",    kAdapterField};
  static const std::vector<std::string> kEntity = {"id",   "start",  "end",     "type",
                                                   "text", "pieces", "cluster", "probability"};
  static const std::vector<std::string> kRelation = {"head", "tail", "label", "evidence",
                                                     "probability"};
  const std::string place = "the row";
  Document document;
  document.line = line;
  document.id = id_of(row, "id", place);
  document.text = text_of(row, "text", place);
  const CodePoints text(document.text);
  for (const json& each : io::require_array(row, "entities", place)) {
    document.entities.push_back(
        parse_entity(each, fmt::format("entity {}", document.entities.size() + 1), text));
    tell_unknown(each, "entities.", kEntity, line, rows);
  }
  document.unlabelled = !io::find(row, "relations");
  if (!document.unlabelled) {
    for (const json& each : io::require_array(row, "relations", place)) {
      document.relations.push_back(
          parse_relation(each, fmt::format("relation {}", document.relations.size() + 1)));
      tell_unknown(each, "relations.", kRelation, line, rows);
    }
  }
  document.pair = io::get_bool(row, "pair", false, place);
  if (rows.reads_adapters()) document.adapter = io::get_string(row, kAdapterField, "", place);
  tell_unknown(row, "", rows.reads_adapters() ? kRowAdapter : kRow, line, rows);
  return document;
}

std::string pair_line(const Document& document) {
  ordered_json row = {{"id", document.id},
                      {"text", document.text},
                      {"head", span_json(document.entities[0].span)},
                      {"tail", span_json(document.entities[1].span)}};
  if (document.relations.size() == 1) {
    row["label"] = document.relations[0].label;
  } else if (!document.relations.empty()) {
    ordered_json labels = ordered_json::array();
    for (const Relation& relation : document.relations) labels.push_back(relation.label);
    row["labels"] = labels;
  }
  return json_line(row);
}

std::string document_line(const Document& document) {
  ordered_json row = {{"id", document.id}, {"text", document.text}};
  ordered_json relations = ordered_json::array();
  for (const Relation& relation : document.relations) {
    ordered_json object = {
        {"head", relation.head}, {"tail", relation.tail}, {"label", relation.label}};
    if (!relation.evidence.empty()) object["evidence"] = pieces_json(relation.evidence);
    if (relation.probability) object["probability"] = *relation.probability;
    relations.push_back(std::move(object));
  }
  row["entities"] = entities_json(document);
  if (!document.unlabelled) row["relations"] = std::move(relations);
  if (document.pair) row["pair"] = true;
  return json_line(row);
}

}  // namespace relatum::task
