// JSON lines: {"id","text","head":{"start","end","type"},"tail":{…},"label"}, or documents.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"
#include "task/dataset.h"
#include "task/fields.h"
#include "task/json_document.h"
#include "task/json_rows.h"
#include "task/raw_row.h"

namespace relatum::task {
namespace {

using nlohmann::json;

// adapters: whether rows name theirs.
const std::vector<std::string>& keys(bool adapters) {
  static const auto with = [](std::vector<std::string> all) {
    all.insert(all.end(), entity_fields().begin(), entity_fields().end());
    return all;
  };
  static const auto plain = with({"id", "text", "label", "labels"});
  static const auto more = with({"id", "text", "label", "labels", kAdapterField});
  return adapters ? more : plain;
}

std::optional<int64_t> get_offset(const json& row, std::string_view key, const std::string& place) {
  if (!io::find(row, key)) return std::nullopt;
  return io::require_int(row, key, place);
}

/// "head" is an object with offsets, or with the entity's text, or that text itself; flat keys such
/// as head_start serve as well.
RawEntity parse_entity(const json& row, const std::string& name, const std::string& place,
                       RowSink& rows, int64_t line) {
  static const std::vector<std::string> kInside = {"start", "end", "type", "text"};
  RawEntity entity;
  entity.start = get_offset(row, name + "_start", place);
  entity.end = get_offset(row, name + "_end", place);
  entity.type = io::get_string(row, name + "_type", "", place);
  const json* given = io::find(row, name);
  if (!given) return entity;
  if (given->is_string()) {
    entity.name = given->get<std::string>();
    return entity;
  }
  const json& object = io::require_object(row, name, place);
  for (const auto& [key, value] : object.items()) {
    if (std::find(kInside.begin(), kInside.end(), key) == kInside.end()) {
      rows.unknown_field(name + "." + key, kInside, line);
    }
  }
  if (!object.contains("text") || object.contains("start") || object.contains("end")) {
    entity.start = io::require_int(object, "start", place);
    entity.end = io::require_int(object, "end", place);
  }
  entity.type = io::get_string(object, "type", entity.type, place);
  entity.name = io::get_string(object, "text", "", place);
  return entity;
}

/// A pair; or a text alone, where the rows may be that.
ParsedRow parse_plain(const json& row, int64_t line, RowSink& rows) {
  const std::string place = "the row";  // RowSink names file and line
  RawRow raw;
  raw.line = line;
  raw.text = text_of(row, "text", place);
  raw.id = id_of(row, "id", place);
  raw.head = parse_entity(row, "head", place, rows, line);
  raw.tail = parse_entity(row, "tail", place, rows, line);
  if (io::find(row, "label")) raw.labels.push_back(io::require_string(row, "label", place));
  if (io::find(row, "labels")) {
    const auto labels = io::require_strings(row, "labels", place);
    if (!raw.labels.empty() && std::ranges::find(labels, raw.labels[0]) == labels.end()) {
      fail("task.row", fmt::format("{}: the label '{}' is not among the row's labels. Correct one "
                                   "of the two.",
                                   place, raw.labels[0]));
    }
    raw.labels.insert(raw.labels.end(), labels.begin(), labels.end());
  }
  if (rows.reads_adapters()) raw.adapter = io::get_string(row, kAdapterField, "", place);
  const std::vector<std::string>& known = keys(rows.reads_adapters());
  for (const auto& [key, value] : row.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      rows.unknown_field(key, known, line);
    }
  }
  ParsedRow parsed;
  if (rows.reads_texts()) parsed.document = text_alone(raw);
  if (!parsed.document) parsed.example = settle(std::move(raw));
  else if (!raw.labels.empty()) rows.odd(kLabelOfNoPair, line);
  return parsed;
}

ParsedRow parse_row(const JsonRow& source, RowSink& rows) {
  const json row = io::parse_json(source.text, "the row");
  if (io::find(row, "text")) rows.guessed("", "");  // these are rows of ours
  if (!io::find(row, "entities")) return parse_plain(row, source.line, rows);
  return {{}, parse_document(row, source.line, rows)};
}

bool of_documents(std::string_view bytes) { return has_first_key(bytes, "entities"); }

bool sniff(std::string_view file_name, std::string_view first) {
  for (const char* key : {"doc_key", "token", "subj_start", "obj_start"}) {
    if (has_first_key(first, key)) return false;
  }
  for (const char* key : {"text", "head", "tail", "label", "head_start"}) {
    if (has_first_key(first, key)) return true;
  }
  const size_t at = first.find_first_not_of(" \t\r\n");
  const bool named = file_name.ends_with(".jsonl") || file_name.ends_with(".ndjson");
  return named && at != first.npos && first[at] == '{';
}

}  // namespace

const DatasetFormat& dataset_jsonl() {
  static const DatasetFormat format = {
      .name = "jsonl",
      .description =
          "JSON lines (or a JSON array) with text, head, tail, label and id, or with "
          "text, entities and relations",
      .sniff = sniff,
      .read = read_json<parse_row>,
      .read_lines = read_json_lines<parse_row>,
      .names_adapters = true,
      .documents = true,
      .of_documents = of_documents};
  return format;
}

}  // namespace relatum::task
