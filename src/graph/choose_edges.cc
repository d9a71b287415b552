// Edges become facts, which hold or do not; what facts exclude becomes a packing.
#include "graph/choose_edges.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "graph/packing.h"

namespace relatum::graph {
namespace {

/// An edge with its label as a word.
using Atom = std::tuple<std::string, size_t, size_t>;  // label, head, tail

/// What holds or does not, under one name: edges that are tied to one another.
struct Fact {
  std::vector<size_t> edges;
  double weight = 0;
};

Atom name_of_fact(const ChoiceEdge& edge, const RelationType* relation) {
  if (relation && relation->symmetric && edge.tail < edge.head) {
    return {edge.label, edge.tail, edge.head};
  }
  if (relation && !relation->inverse.empty() && relation->inverse < edge.label) {
    return {relation->inverse, edge.tail, edge.head};
  }
  return {edge.label, edge.head, edge.tail};
}

/// All edges that stand in the graph where the fact holds.
std::vector<Atom> atoms_of(const Atom& name, const RelationType* relation) {
  const auto& [label, head, tail] = name;
  std::vector<Atom> atoms = {name};
  if (relation && relation->symmetric) atoms.emplace_back(label, tail, head);
  if (relation && !relation->inverse.empty()) atoms.emplace_back(relation->inverse, tail, head);
  return atoms;
}

/// Groups and graphs, by what they are of.
class Rules {
 public:
  Rules(const Schema& schema, bool several_labels)
      : schema_(schema), several_labels_(several_labels) {}

  void add(const Atom& name, size_t item) {
    const auto& [label, head, tail] = name;
    const RelationType* relation = schema_.find(label);
    for (const Atom& atom : atoms_of(name, relation)) add_atom(atom, item);
    // The inverse's arrows turn the same cycles round, so those of one suffice.
    if (relation && relation->acyclic) arrows_[label].push_back({item, node(head), node(tail)});
  }

  void fill(Packing& packing) {
    for (auto& [pair, members] : labels_) packing.groups.push_back({std::move(members), 1});
    for (auto& [head, members] : tails_) {
      const int64_t most = schema_.find(head.first)->max_per_head.value_or(0);
      packing.groups.push_back({std::move(members), most});
    }
    for (auto& [label, arrows] : arrows_) packing.acyclic.push_back(std::move(arrows));
  }

 private:
  void add_atom(const Atom& atom, size_t item) {
    const auto& [label, head, tail] = atom;
    if (!several_labels_) labels_[{head, tail}].push_back(item);
    const RelationType* relation = schema_.find(label);
    if (relation && relation->max_per_head) tails_[{label, head}].push_back(item);
  }
  size_t node(size_t entity) { return nodes_.try_emplace(entity, nodes_.size()).first->second; }

  const Schema& schema_;
  bool several_labels_;
  std::map<std::pair<size_t, size_t>, std::vector<size_t>> labels_;
  std::map<std::pair<std::string, size_t>, std::vector<size_t>> tails_;
  std::map<std::string, std::vector<Arrow>> arrows_;
  std::map<size_t, size_t> nodes_;
};

}  // namespace

double log_odds(double probability) {
  constexpr double kNearest = 1e-12;
  const double p = std::clamp(probability, kNearest, 1 - kNearest);
  return std::log(p) - std::log1p(-p);
}

EdgeChoice choose_edges(std::span<const ChoiceEdge> edges, const Schema& schema,
                        const ChoiceOptions& options) {
  const double needed = log_odds(options.threshold);
  std::map<Atom, Fact> facts;
  for (size_t i = 0; i < edges.size(); ++i) {
    const ChoiceEdge& edge = edges[i];
    if (edge.head == edge.tail) continue;
    if (!schema.allows(edge.label, edge.head_type, edge.tail_type)) continue;
    Fact& fact = facts[name_of_fact(edge, schema.find(edge.label))];
    fact.edges.push_back(i);
    fact.weight += log_odds(edge.probability) - needed;
  }
  Packing packing;
  Rules rules(schema, options.several_labels);
  std::vector<const Fact*> items;
  for (const auto& [name, fact] : facts) {
    // All rules forbid, none demands: what weighs nothing is never worth its place.
    if (!(fact.weight > 0)) continue;
    rules.add(name, items.size());
    items.push_back(&fact);
    packing.weights.push_back(fact.weight);
  }
  rules.fill(packing);
  const PackingResult solved = solve_packing(packing, options.most_work);
  EdgeChoice choice{std::vector<bool>(edges.size()), solved.value, solved.bound, solved.proven,
                    solved.nodes};
  for (size_t i = 0; i < items.size(); ++i) {
    for (const size_t edge : items[i]->edges) choice.chosen[edge] = solved.taken[i];
  }
  return choice;
}

}  // namespace relatum::graph
