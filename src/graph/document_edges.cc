// Candidates gathered by edge, a set chosen, and its edges written out.
#include "graph/document_edges.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace relatum::graph {
namespace {

using EdgeName = std::tuple<std::string, int64_t, int64_t>;  // label, head, tail

struct Gathered {
  double probability = 0;
  std::vector<size_t> candidates;
};

class Chooser {
 public:
  Chooser(std::span<const EntityCandidate> candidates, const Schema& schema,
          const ChoiceOptions& options)
      : candidates_(candidates), schema_(schema), options_(options) {}

  DocumentChoice run(std::span<const std::string> types) {
    gather(types);
    std::vector<ChoiceEdge> edges;
    for (const auto& [name, each] : gathered_) {
      const auto& [label, head, tail] = name;
      edges.push_back({size_t(head), size_t(tail), label, types[size_t(head)], types[size_t(tail)],
                       each.probability});
    }
    const EdgeChoice chosen = choose_edges(edges, schema_, options_);
    choice_.proven = chosen.proven;
    size_t place = 0;
    for (const auto& [name, each] : gathered_) {
      if (chosen.chosen[place++]) write(name);
      else choice_.unlikely += int64_t(each.candidates.size());
    }
    for (auto& [name, edge] : written_) choice_.edges.push_back(std::move(edge));
    return std::move(choice_);
  }

 private:
  void gather(std::span<const std::string> types) {
    for (size_t i = 0; i < candidates_.size(); ++i) {
      const EntityCandidate& each = candidates_[i];
      if (!schema_.allows(each.label, types[size_t(each.head)], types[size_t(each.tail)])) {
        ++choice_.foreign;
      } else if (each.head == each.tail) {
        ++choice_.loops;
      } else {
        Gathered& edge = gathered_[{each.label, each.head, each.tail}];
        edge.probability = std::max(edge.probability, each.probability);
        edge.candidates.push_back(i);
      }
    }
  }

  // The name of the same fact with its ends exchanged; nothing where it has none.
  std::vector<EdgeName> turned(const EdgeName& name) const {
    const auto& [label, head, tail] = name;
    const RelationType* relation = schema_.find(label);
    if (relation && relation->symmetric) return {{label, tail, head}};
    if (relation && !relation->inverse.empty()) return {{relation->inverse, tail, head}};
    return {};
  }

  void write(const EdgeName& name) {
    DocumentEdge edge{std::get<1>(name), std::get<2>(name), std::get<0>(name), 0, {}};
    std::vector<EdgeName> names = {name};
    for (const EdgeName& other : turned(name)) names.push_back(other);
    double sum = 0;
    int asked = 0;
    for (const EdgeName& each : names) {
      const auto found = gathered_.find(each);
      if (found == gathered_.end()) continue;
      sum += log_odds(found->second.probability);
      ++asked;
      for (const size_t i : found->second.candidates) {
        if (candidates_[i].probability <= options_.threshold) continue;
        edge.proofs.push_back({i, each != name});
      }
    }
    // One edge alone keeps its very probability.
    edge.probability = asked == 1 ? gathered_.at(name).probability
                                  : 1 / (1 + std::exp(-sum / asked));
    std::sort(edge.proofs.begin(), edge.proofs.end(),
              [](const Proof& a, const Proof& b) { return a.candidate < b.candidate; });
    for (const EdgeName& other : turned(name)) {
      const bool same = std::get<0>(other) == edge.label;
      if (!same || edge.tail < edge.head) add(other, exchanged(edge, std::get<0>(other)));
      if (same && edge.tail < edge.head) return;
    }
    add(name, std::move(edge));
  }

  static DocumentEdge exchanged(const DocumentEdge& edge, const std::string& label) {
    DocumentEdge other{edge.tail, edge.head, label, edge.probability, edge.proofs};
    for (Proof& proof : other.proofs) proof.exchanged = !proof.exchanged;
    return other;
  }

  // Of tied edges, whichever comes second would write the same once more.
  void add(const EdgeName& name, DocumentEdge edge) { written_.try_emplace(name, std::move(edge)); }

  std::span<const EntityCandidate> candidates_;
  const Schema& schema_;
  const ChoiceOptions& options_;
  std::map<EdgeName, Gathered> gathered_;
  std::map<EdgeName, DocumentEdge> written_;
  DocumentChoice choice_;
};

}  // namespace

DocumentChoice choose_document(std::span<const EntityCandidate> candidates,
                               std::span<const std::string> types, const Schema& schema,
                               const ChoiceOptions& options) {
  return Chooser(candidates, schema, options).run(types);
}

}  // namespace relatum::graph
