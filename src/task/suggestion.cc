// From probabilities to relations, and to a row.
#include "task/suggestion.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "task/json_document.h"

namespace relatum::task {
namespace {

using nlohmann::ordered_json;

size_t likeliest(const AskedPair& pair) {
  const auto& p = pair.probabilities;
  return size_t(std::max_element(p.begin(), p.end()) - p.begin());
}

const Entity* find_same(const Document& document, const Entity& entity) {
  const auto same = std::ranges::find_if(document.entities, [&](const Entity& each) {
    return each.span.start == entity.span.start && each.span.end == entity.span.end &&
           each.span.type == entity.span.type && each.pieces == entity.pieces;
  });
  return same == document.entities.end() ? nullptr : &*same;
}

}  // namespace

void fill_in(Suggestion& suggestion, const Labels& labels,
             const std::optional<std::string>& negative) {
  Document& document = suggestion.document;
  document.relations.clear();
  document.unlabelled = false;
  for (const AskedPair& pair : suggestion.pairs) {
    const std::string& label = labels.name(int64_t(likeliest(pair)));
    if (!document.pair && negative && label == *negative) continue;
    document.relations.push_back({pair.head, pair.tail, label});
  }
}

double most_uncertain(const std::vector<AskedPair>& pairs, Uncertainty by) {
  double most = 0;
  for (const AskedPair& pair : pairs) most = std::max(most, uncertainty(pair.probabilities, by));
  return most;
}

std::string suggestion_line(const Suggestion& suggestion, const Labels& labels, Uncertainty by) {
  const Document& document = suggestion.document;
  ordered_json row = {{"id", document.id}, {"text", document.text}};
  row["entities"] = entities_json(document);
  ordered_json relations = ordered_json::array(), pairs = ordered_json::array();
  for (const AskedPair& pair : suggestion.pairs) {
    const size_t best = likeliest(pair);
    const std::string& label = labels.name(int64_t(best));
    ordered_json object = {{"head", pair.head}, {"tail", pair.tail}, {"label", label}};
    const bool told = std::ranges::any_of(document.relations, [&](const Relation& relation) {
      return relation.head == pair.head && relation.tail == pair.tail;
    });
    if (told) {
      relations.push_back(object);
      relations.back()["probability"] = pair.probabilities[best];
    }
    object["value"] = uncertainty(pair.probabilities, by);
    ordered_json probabilities = ordered_json::object();
    for (int64_t i = 0; i < labels.size(); ++i) {
      probabilities[labels.name(i)] = pair.probabilities[size_t(i)];
    }
    object["probabilities"] = std::move(probabilities);
    pairs.push_back(std::move(object));
  }
  row["relations"] = std::move(relations);
  if (document.pair) row["pair"] = true;
  row["value"] = suggestion.value;
  row["pairs"] = std::move(pairs);
  return json_line(row);
}

Document merged_rows(std::span<const Document> rows) {
  Document merged;
  merged.id = rows.front().id;
  merged.text = rows.front().text;
  merged.line = rows.front().line;
  merged.unlabelled = true;
  for (const Document& row : rows) {
    for (const Entity& entity : row.entities) {
      if (find_same(merged, entity)) continue;
      merged.entities.push_back(entity);
      merged.entities.back().id = "T" + std::to_string(merged.entities.size());
    }
  }
  return merged;
}

const std::string& merged_id(const Document& merged, const Entity& entity) {
  const Entity* known = find_same(merged, entity);
  RELATUM_CHECK(known);
  return known->id;
}

}  // namespace relatum::task
