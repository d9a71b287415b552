// Symmetric relations alone, then inverses pair by pair.
#include "graph/relation_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/known_names.h"
#include "base/printable.h"

namespace relatum::graph {
namespace {

[[noreturn]] void refuse(const std::string& place, const std::string& sentence) {
  fail("graph.schema", fmt::format("{}: {}", place, sentence));
}

std::set<TypePair> turned(const std::set<TypePair>& types) {
  std::set<TypePair> result;
  for (const auto& [head, tail] : types) result.emplace(tail, head);
  return result;
}

void check_alone(const PlacedRelation& relation) {
  const RelationType& type = relation.type;
  const std::string name = printable_start(type.name);
  if (type.symmetric && type.acyclic) {
    refuse(relation.place, fmt::format("'{}' is symmetric, so each edge of it is a cycle of two, "
                                       "and cannot be acyclic. Keep one of them.",
                                       name));
  }
  if (type.symmetric && !type.inverse.empty()) {
    refuse(relation.inverse_place, fmt::format("'{}' is symmetric, so it is its own inverse. Leave "
                                               "'inverse' out.",
                                               name));
  }
  if (type.inverse == type.name) {
    refuse(relation.inverse_place, fmt::format("'{}' is named as its own inverse. Write "
                                               "`symmetric = true` instead.",
                                               name));
  }
  if (!type.symmetric || !type.types) return;
  for (const auto& [head, tail] : *type.types) {
    if (type.types->contains({tail, head})) continue;
    refuse(relation.place,
           fmt::format("'{}' is symmetric, but of its types {} to {} is allowed and "
                       "{} to {} is not. Allow both, or none.",
                       name, printable_start(head), printable_start(tail), printable_start(tail),
                       printable_start(head)));
  }
}

PlacedRelation& find_inverse(std::vector<PlacedRelation>& relations,
                             const PlacedRelation& relation) {
  const std::string& wanted = relation.type.inverse;
  std::vector<std::string> known;
  for (PlacedRelation& each : relations) {
    if (each.type.name == wanted) return each;
    known.push_back(each.type.name);
  }
  refuse(relation.inverse_place,
         fmt::format("'{}' is no relation of this schema.{} Add it, or name "
                     "one that is there.",
                     printable_start(wanted), did_you_mean(wanted, known)));
}

void settle_pair(PlacedRelation& relation, PlacedRelation& inverse) {
  RelationType &one = relation.type, &other = inverse.type;
  if (other.symmetric) {
    refuse(relation.inverse_place,
           fmt::format("'{}' is symmetric, so it is its own inverse and not "
                       "that of '{}'. Leave one of them out.",
                       printable_start(other.name), printable_start(one.name)));
  }
  if (!other.inverse.empty() && other.inverse != one.name) {
    refuse(relation.inverse_place,
           fmt::format("'{}' is named as the inverse of '{}', but the inverse of '{}' is '{}'. A "
                       "relation has one inverse.",
                       printable_start(other.name), printable_start(one.name),
                       printable_start(other.name), printable_start(other.inverse)));
  }
  other.inverse = one.name;
  if (one.types && other.types && *other.types != turned(*one.types)) {
    refuse(relation.inverse_place,
           fmt::format("'{}' is the inverse of '{}', but its types are not "
                       "those of '{}' turned round. Correct one, or leave "
                       "them out of one.",
                       printable_start(other.name), printable_start(one.name),
                       printable_start(one.name)));
  }
  if (one.types && !other.types) other.types = turned(*one.types);
  if (other.types && !one.types) one.types = turned(*other.types);
  one.acyclic = other.acyclic = one.acyclic || other.acyclic;
}

}  // namespace

void settle_relations(std::vector<PlacedRelation>& relations) {
  for (const PlacedRelation& relation : relations) check_alone(relation);
  for (PlacedRelation& relation : relations) {
    if (!relation.type.inverse.empty()) settle_pair(relation, find_inverse(relations, relation));
  }
}

}  // namespace relatum::graph
