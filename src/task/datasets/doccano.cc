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

/// Brings the entities' places to code points, where the SPEC says that they are something else:
/// what a project counted does not show in its file.
void place_entities(const std::string& offsets, Document& document) {
  if (offsets != "graphemes" && offsets != "utf16") return;
  const std::vector<int64_t> graphemes = offsets == "graphemes" ? grapheme_places(document.text)
                                                                : std::vector<int64_t>{};
  const CountedPlaces utf16(document.text, Counting::kUtf16);
  for (Entity& entity : document.entities) {
    for (int64_t* place : {&entity.span.start, &entity.span.end}) {
      const bool inside = *place >= 0 && *place < int64_t(graphemes.size());
      const auto found = offsets == "utf16" ? utf16.code_point(*place)
                         : inside           ? std::optional(graphemes[size_t(*place)])
                                            : std::nullopt;
      if (!found) {
        fail("task.doccano", fmt::format("entity '{}': there is no place {} in the text, counted "
                                         "by {}",
                                         entity.id, *place, offsets));
      }
      *place = *found;
    }
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
  place_entities(rows.offsets(), document);
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
  for (const char* key : {"annotations", "spans", "head"}) {
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
