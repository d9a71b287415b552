// spaCy's documents as Doc.to_json() writes them: text, ents, tokens, and relations in "_".
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

constexpr double kHolds = 0.5;  // the value of a label from which on spaCy's example has it hold

void parse_entities(const json& list, const std::string& what, Document& document) {
  for (const json& each : list) {
    const std::string id = fmt::format("T{}", document.entities.size() + 1);
    const std::string name = fmt::format("{} {}", what, id);
    document.entities.push_back(
        {id,
         {io::require_int(each, "start", name), io::require_int(each, "end", name),
          io::get_string(each, "label", "", name)}});
  }
}

/// `ents`; where there is none, the spans of all groups.
void parse_all_entities(const json& row, Document& document) {
  if (io::find(row, "ents")) {
    parse_entities(io::require_array(row, "ents", "the row"), "entity", document);
  }
  if (!document.entities.empty() || !io::find(row, "spans")) return;
  for (const auto& [group, spans] : io::require_object(row, "spans", "the row").items()) {
    if (!spans.is_array()) fail("task.spacy", "'spans' is no object of lists");
    parse_entities(spans, "span", document);
  }
}

/// The entity that begins with this token.
const std::string& entity_of_token(int64_t number, const json& row, const Document& document,
                                   const std::string& name) {
  const json& tokens = io::require_array(row, "tokens", "the row");
  if (number >= 0 && number < int64_t(tokens.size())) {
    const int64_t start = io::require_int(tokens[size_t(number)], "start", name);
    for (const Entity& entity : document.entities) {
      if (entity.span.start == start) return entity.id;
    }
  }
  fail("task.spacy", fmt::format("{}: no entity begins with token {}", name, number));
}

void parse_list(const json& list, const json& row, Document& document) {
  for (const json& each : list) {
    const std::string name = fmt::format("relation {}", document.relations.size() + 1);
    need(each, "head", name);
    const char* tail = io::find(each, "child") ? "child" : "tail";
    document.relations.push_back(
        {entity_of_token(io::require_int(each, "head", name), row, document, name),
         entity_of_token(io::require_int(each, tail, name), row, document, name),
         io::require_string(each, "label", name)});
  }
}

/// {"(0, 5)": {"works_for": 1.0}}: first tokens of both entities, and what holds of them.
void parse_scores(const json& object, const json& row, Document& document) {
  for (const auto& [key, labels] : object.items()) {
    const std::string name = fmt::format("relation '{}'", key);
    int64_t head = -1, tail = -1;
    if (std::sscanf(key.c_str(), "(%9ld , %9ld", &head, &tail) != 2 &&
        std::sscanf(key.c_str(), "%9ld , %9ld", &head, &tail) != 2) {
      fail("task.spacy", name + ": expected the numbers of two tokens, as in (0, 5)");
    }
    if (!labels.is_object()) fail("task.spacy", name + ": expected an object of labels");
    for (const auto& [label, value] : labels.items()) {
      const bool holds = value.is_boolean() ? value.get<bool>()
                                            : value.is_number() && value.get<double>() >= kHolds;
      if (!holds) continue;
      document.relations.push_back({entity_of_token(head, row, document, name),
                                    entity_of_token(tail, row, document, name), label});
    }
  }
}

void parse_relations(const json& row, Document& document) {
  document.unlabelled = true;
  const json* own = io::find(row, "_");
  for (const char* key : {"relations", "rel"}) {
    const json* given = own ? io::find(*own, key) : nullptr;
    if (!given) continue;
    document.unlabelled = false;
    if (given->is_array()) {
      parse_list(*given, row, document);
    } else if (given->is_object()) {
      parse_scores(*given, row, document);
    } else {
      fail("task.spacy", fmt::format("'_.{}': expected a list or an object of relations", key));
    }
  }
}

ParsedRow parse_row(const JsonRow& source, RowSink&) {
  const json row = io::parse_json(source.text, "the row");
  Document document;
  document.id = id_of(row, "id", "the row");
  document.line = source.line;
  document.text = text_of(row, "text", "the row");
  parse_all_entities(row, document);
  parse_relations(row, document);
  return {{}, std::move(document)};
}

bool sniff(std::string_view, std::string_view first) {
  return has_first_keys(first, {"text", "ents"});
}

}  // namespace

const DatasetFormat& dataset_spacy() {
  static const DatasetFormat format = {
      .name = "spacy",
      .description = "spaCy's Doc.to_json(): text, ents, tokens, relations in \"_\"",
      .sniff = sniff,
      .read = read_json<parse_row>,
      .read_lines = read_json_lines<parse_row>,
      .documents = true};
  return format;
}

}  // namespace relatum::task
