// SpERT's JSON (CoNLL04, SciERC, ADE): tokens, entities by token numbers, relations between them.
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

ParsedRow parse_row(const JsonRow& source, RowSink&) {
  const std::string place = fmt::format("row {}", source.number);
  const json row = io::parse_json(source.text, place);
  need(row, "tokens", place);
  const TokenText tokens = join_tokens(io::require_strings(row, "tokens", place));
  Document document;
  document.id = id_of(row, "orig_id", place);
  document.line = source.line;
  document.text = tokens.text;
  for (const json& each : io::require_array(row, "entities", place)) {
    const std::string id = std::to_string(document.entities.size());
    const std::string name = fmt::format("{}, entity {}", place, id);
    const Piece piece = tokens_before(tokens, io::require_int(each, "start", name),
                                      io::require_int(each, "end", name), name);
    document.entities.push_back(
        {id, {piece.start, piece.end, io::get_string(each, "type", "", name)}});
  }
  document.unlabelled = !io::find(row, "relations");
  if (document.unlabelled) return {{}, std::move(document)};
  for (const json& each : io::require_array(row, "relations", place)) {
    const std::string name = fmt::format("{}, relation {}", place, document.relations.size());
    document.relations.push_back({std::to_string(io::require_int(each, "head", name)),
                                  std::to_string(io::require_int(each, "tail", name)),
                                  io::require_string(each, "type", name)});
  }
  return {{}, std::move(document)};
}

bool sniff(std::string_view, std::string_view first) {
  return has_first_keys(first, {"tokens", "entities"}) && !has_first_key(first, "text");
}

}  // namespace

const DatasetFormat& dataset_conll04() {
  static const DatasetFormat format = {
      .name = "conll04",
      .description = "SpERT's JSON, as of CoNLL04: tokens, entities and relations by number",
      .sniff = sniff,
      .read = read_json<parse_row>,
      .documents = true};
  return format;
}

}  // namespace relatum::task
