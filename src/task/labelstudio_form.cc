// Kept beside the text: ids, gaps, clusters, probabilities, evidence, and that a row is one pair.
#include "task/labelstudio_form.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "task/fields.h"
#include "task/json_document.h"

namespace relatum::task {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

/// What a region does not say of its entity.
ordered_json kept_of(const Entity& entity, const std::string& region) {
  ordered_json kept = ordered_json::object();
  if (entity.id != region) kept["id"] = entity.id;
  if (entity.span.type.empty()) kept["type"] = "";
  if (!entity.pieces.empty()) kept["pieces"] = pieces_json(entity.pieces);
  if (!entity.cluster.empty()) kept["cluster"] = entity.cluster;
  if (entity.probability) kept["probability"] = *entity.probability;
  return kept;
}

void restore(const json& kept, const std::string& place, Entity& entity) {
  if (!kept.is_object()) fail("task.labelstudio", place + ": expected an object");
  entity.id = io::get_string(kept, "id", entity.id, place);
  entity.cluster = io::get_string(kept, "cluster", "", place);
  entity.probability = parse_probability(kept, place);
  if (io::find(kept, "type") && entity.span.type == kStudioUntyped) entity.span.type.clear();
  if (!io::find(kept, "pieces")) return;
  const auto pieces = parse_pieces(io::require_array(kept, "pieces", place), place);
  if (pieces.empty()) fail("task.labelstudio", place + ": an empty list of pieces");
  Entity with_gaps = entity_of(entity.id, entity.span.type, pieces);
  // A region that was moved is another stretch of text.
  if (with_gaps.span.start != entity.span.start || with_gaps.span.end != entity.span.end) return;
  entity.pieces = std::move(with_gaps.pieces);
}

void restore_evidence(const json& kept, const std::string& place, Document& document) {
  if (!io::find(kept, "evidence")) return;
  std::multimap<std::tuple<std::string, std::string, std::string>, size_t> places;
  for (size_t i = 0; i < document.relations.size(); ++i) {
    const Relation& each = document.relations[i];
    places.emplace(std::tuple(each.head, each.tail, each.label), i);
  }
  for (const json& each : io::require_array(kept, "evidence", place)) {
    if (!each.is_object()) fail("task.labelstudio", place + ": evidence is no object");
    const auto [first, end] = places.equal_range({io::require_string(each, "from", place),
                                                  io::require_string(each, "to", place),
                                                  io::require_string(each, "label", place)});
    for (auto at = first; at != end; ++at) {
      document.relations[at->second].evidence = parse_pieces(
          io::require_array(each, "evidence", place), place);
    }
  }
}

}  // namespace

std::string studio_region(size_t i) { return fmt::format("T{}", i + 1); }

ordered_json studio_kept(const Document& document) {
  ordered_json kept = {{"id", document.id}};
  if (document.pair) kept["pair"] = true;
  std::map<std::string, std::string> regions;
  for (size_t i = 0; i < document.entities.size(); ++i) {
    const Entity& entity = document.entities[i];
    const std::string region = regions[entity.id] = studio_region(i);
    ordered_json more = kept_of(entity, region);
    if (!more.empty()) kept["entities"][region] = std::move(more);
  }
  for (const Relation& relation : document.relations) {
    if (relation.evidence.empty()) continue;
    kept["evidence"].push_back({{"from", regions[relation.head]},
                                {"to", regions[relation.tail]},
                                {"label", relation.label},
                                {"evidence", pieces_json(relation.evidence)}});
  }
  return kept;
}

void restore_studio(const json& kept, Document& document) {
  const std::string place = fmt::format("'{}' of the data", kStudioKept);
  if (io::find(kept, "id")) document.id = id_of(kept, "id", place);
  document.pair = io::get_bool(kept, "pair", false, place);
  restore_evidence(kept, place, document);
  if (!io::find(kept, "entities")) return;
  std::map<std::string, std::string> renamed;
  const json& all = io::require_object(kept, "entities", place);
  for (Entity& entity : document.entities) {
    const std::string region = entity.id;
    if (const json* more = io::find(all, region)) {
      restore(*more, fmt::format("{}, region '{}'", place, printable_start(region, 40)), entity);
    }
    renamed[region] = entity.id;
  }
  for (Relation& relation : document.relations) {
    for (std::string* end : {&relation.head, &relation.tail}) {
      if (const auto known = renamed.find(*end); known != renamed.end()) *end = known->second;
    }
  }
}

}  // namespace relatum::task
