// doccano's JSON lines: entities with start_offset and end_offset, relations with from_id and
// to_id.
#include <fmt/format.h>

#include <algorithm>
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

/// [0, 5, "PER"], as projects without relations are exported.
Entity parse_triple(const json& list, const std::string& id, const std::string& name) {
  if (!list.is_array() || list.size() != 3 || !list[0].is_number_integer() ||
      !list[1].is_number_integer() || !list[2].is_string()) {
    fail("task.doccano", name + ": expected a start, an end and a label");
  }
  return {id, {list[0].get<int64_t>(), list[1].get<int64_t>(), list[2].get<std::string>()}};
}

Entity parse_entity(const json& each, const std::string& name) {
  need(each, "start_offset", name);
  need(each, "end_offset", name);
  return {id_of(each, "id", name),
          {io::require_int(each, "start_offset", name), io::require_int(each, "end_offset", name),
           io::get_string(each, "label", "", name)}};
}

/// Brings the entities' places to code points. Nothing in a file shows how its project counted:
/// doccano's present annotator passes on places of JavaScript's strings, UTF-16 units, or graphemes
/// where the project says so; that of versions before 1.5 counted code points.
void place_entities(const std::string& offsets, Document& document, RowSink& rows) {
  if (offsets == "code_points") return;
  const bool in_graphemes = offsets == "graphemes";
  const std::vector<int64_t> graphemes = in_graphemes ? grapheme_places(document.text)
                                                      : std::vector<int64_t>{};
  const CountedPlaces utf16(document.text, Counting::kUtf16);
  bool moved = false;
  for (Entity& entity : document.entities) {
    for (int64_t* place : {&entity.span.start, &entity.span.end}) {
      const bool inside = *place >= 0 && *place < int64_t(graphemes.size());
      const auto found = !in_graphemes ? utf16.code_point(*place)
                         : inside      ? std::optional(graphemes[size_t(*place)])
                                       : std::nullopt;
      if (!found) {
        fail("task.doccano",
             fmt::format("entity '{}': there is no place {} in the text, counted by {}{}",
                         entity.id, *place, in_graphemes ? "graphemes" : "UTF-16 units",
                         offsets.empty() ? ", as doccano does; a SPEC's offsets=code_points or "
                                           "offsets=graphemes counts otherwise"
                                         : ""));
      }
      moved = moved || *found != *place;
      *place = *found;
    }
  }
  if (!moved || !offsets.empty()) return;
  rows.odd(
      "offsets behind emoji and the like are read as UTF-16 units, as doccano counts; a SPEC's "
      "offsets=graphemes or offsets=code_points reads them as a project or an earlier version "
      "counted, offsets=utf16 silences this",
      document.line);
}

ParsedRow parse_row(const JsonRow& source, RowSink& rows) {
  const std::string place = "the row";
  const json row = io::parse_json(source.text, place);
  Document document;
  document.id = id_of(row, "id", place);
  document.line = source.line;
  const char* text = io::find(row, "text") || !io::find(row, "data") ? "text" : "data";
  document.text = text_of(row, text, place);
  for (const char* key : {"label", "labels"}) {
    if (!io::find(row, key)) continue;
    for (const json& each : io::require_array(row, key, place)) {
      const std::string id = fmt::format("T{}", document.entities.size() + 1);
      document.entities.push_back(parse_triple(each, id, fmt::format("entity {}", id)));
    }
  }
  if (io::find(row, "entities")) {
    for (const json& each : io::require_array(row, "entities", place)) {
      document.entities.push_back(
          parse_entity(each, fmt::format("entity {}", document.entities.size() + 1)));
    }
  }
  place_entities(rows.offsets(), document, rows);
  document.unlabelled = !io::find(row, "relations");
  if (!document.unlabelled) {
    for (const json& each : io::require_array(row, "relations", place)) {
      const std::string name = fmt::format("relation {}", document.relations.size() + 1);
      need(each, "from_id", name);
      need(each, "to_id", name);
      document.relations.push_back({id_of(each, "from_id", name), id_of(each, "to_id", name),
                                    io::get_string(each, "type", "", name)});
    }
  }
  for (const auto& [key, what] : {std::pair("cats", "categories of whole texts are not read"),
                                  std::pair("Comments", "comments are not read")}) {
    const json* given = io::find(row, key);
    if (given && !given->empty()) rows.odd(what, source.line);  // exports have empty ones, too
  }
  return {{}, std::move(document)};
}

bool sniff(std::string_view, std::string_view first) {
  if (!has_first_key(first, "text") && !has_first_key(first, "data")) return false;
  for (const char* key : {"annotations", "annotation_id", "spans", "head"}) {
    if (has_first_key(first, key)) return false;
  }
  return has_first_key(first, "Comments") || first.find("\"start_offset\"") != first.npos ||
         first_value(first, "label").starts_with('[') ||
         first_value(first, "labels").starts_with("[[");
}

}  // namespace

const DatasetFormat& dataset_doccano() {
  static const DatasetFormat format = {
      .name = "doccano",
      .description = "doccano's JSON lines: text, entities (start_offset …) and relations",
      .sniff = sniff,
      .read = read_json<parse_row>,
      .read_lines = read_json_lines<parse_row>,
      .documents = true};
  return format;
}

}  // namespace relatum::task
