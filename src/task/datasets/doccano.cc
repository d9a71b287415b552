// doccano's JSON lines: entities with start_offset and end_offset, relations with from_id and
// to_id.
#include <fmt/format.h>

#include <algorithm>
#include <array>
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

/// Where a row's entities may stand.
constexpr std::array<std::string_view, 3> kEntityKeys = {"entities", "label", "labels"};

/// [0, 5, "PER"], as projects without relations and those of intents and slots are exported.
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

/// Where a row's entities stand, nullptr for nowhere: in `entities`, of projects without relations
/// in `label`, of earlier versions in `labels`. Columns of the file that was imported may have
/// these names, too.
const char* key_of_entities(const json& row) {
  if (io::find(row, "entities")) return "entities";
  const json* label = io::find(row, "label");
  if (io::find(row, "labels") && (!label || !label->is_array())) return "labels";
  return label ? "label" : nullptr;
}

void read_entities(const json& row, Document& document, RowSink& rows) {
  const char* chosen = key_of_entities(row);
  if (!chosen) return;
  for (const std::string_view key : kEntityKeys) {
    if (key == chosen || !io::find(row, key)) continue;
    rows.odd(fmt::format("'{}' beside '{}' is not read", key, chosen), document.line);
  }
  for (const json& each : io::require_array(row, chosen, "the row")) {
    const size_t number = document.entities.size() + 1;
    const std::string name = fmt::format("entity {}", number);
    document.entities.push_back(each.is_array()
                                    ? parse_triple(each, fmt::format("T{}", number), name)
                                    : parse_entity(each, name));
  }
}

ParsedRow parse_row(const JsonRow& source, RowSink& rows) {
  const std::string place = "the row";
  const json row = io::parse_json(source.text, place);
  Document document;
  document.id = id_of(row, "id", place);
  document.line = source.line;
  const char* text = io::find(row, "text") || !io::find(row, "data") ? "text" : "data";
  document.text = text_of(row, text, place);
  read_entities(row, document, rows);
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

/// Whether only doccano has written this, whatever else is in it: a row has columns of the file
/// that was imported, null where other rows have them.
bool is_certain(std::string_view first) {
  if (first.find("\"start_offset\"") != first.npos) return true;
  return has_first_key(first, "Comments") &&
         std::ranges::any_of(kEntityKeys, [&](std::string_view key) {
           return first_value(first, key).starts_with("[[");
         });
}

bool sniff(std::string_view, std::string_view first) {
  const auto is_text = [&](const char* key) { return first_value(first, key).starts_with('"'); };
  if (!is_text("text") && !is_text("data")) return false;
  if (is_certain(first)) return true;
  for (const char* key : {"annotations", "annotation_id", "spans", "head"}) {
    if (has_first_key(first, key)) return false;
  }
  return has_first_key(first, "Comments") || first_value(first, "label").starts_with('[') ||
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
      .documents = true,
      .offsets = {"code_points", "utf16", "graphemes"}};
  return format;
}

}  // namespace relatum::task
