// The graph of a store, read part by part.
#include "graph/database.h"
#include "graph/store.h"

namespace relatum::graph {

void GraphStore::for_documents(const std::function<void(const GraphDocument&)>& each) const {
  Statement all(*database_, "SELECT id, source, sha256, adapter FROM document ORDER BY id");
  while (all.step()) each({all.text(0), all.text(1), all.text(2), all.text(3)});
}

void GraphStore::for_entities(const std::function<void(const GraphEntity&)>& each) const {
  Statement all(*database_, "SELECT number, id, name, type, gazetteer FROM entity ORDER BY number");
  Statement mentions(*database_,
                     "SELECT d.id, m.start, m.stop, m.text, m.probability "
                     "FROM name n JOIN mention m ON m.name = n.number "
                     "JOIN document d ON d.number = m.document "
                     "WHERE n.entity = ?1 ORDER BY d.id, m.start, m.stop, m.place");
  while (all.step()) {
    GraphEntity entity{all.text(1), all.text(2), all.text(3), all.text(4)};
    mentions.with(all.integer(0));
    while (mentions.step()) {
      entity.mentions.push_back({mentions.text(0),
                                 {mentions.integer(1), mentions.integer(2)},
                                 mentions.text(3),
                                 mentions.real(4)});
    }
    each(entity);
  }
}

void GraphStore::for_edges(const std::function<void(const GraphEdge&)>& each) const {
  Statement all(*database_,
                "SELECT r.number, h.id, t.id, r.label, r.probability, r.support FROM relation r "
                "JOIN entity h ON h.number = r.head JOIN entity t ON t.number = r.tail "
                "ORDER BY r.number");
  Statement proofs(*database_,
                   "SELECT d.id, c.start, c.stop, h.start, h.stop, t.start, t.stop, c.probability, "
                   "d.adapter, e.exchanged FROM evidence e "
                   "JOIN candidate c ON c.document = e.document AND c.place = e.place "
                   "JOIN mention h ON h.document = c.document AND h.place = c.head "
                   "JOIN mention t ON t.document = c.document AND t.place = c.tail "
                   "JOIN document d ON d.number = e.document "
                   "WHERE e.relation = ?1 ORDER BY d.id, c.start, c.stop, c.place");
  while (all.step()) {
    GraphEdge edge{all.text(1), all.text(2), all.text(3), all.real(4), all.integer(5)};
    proofs.with(all.integer(0));
    while (proofs.step()) {
      EdgeMention mention{proofs.text(0),
                          {proofs.integer(1), proofs.integer(2)},
                          {proofs.integer(3), proofs.integer(4)},
                          {proofs.integer(5), proofs.integer(6)},
                          proofs.real(7),
                          proofs.text(8)};
      if (proofs.integer(9)) std::swap(mention.head, mention.tail);
      edge.mentions.push_back(std::move(mention));
    }
    each(edge);
  }
}

void GraphStore::for_sentences(
    const std::string& document,
    const std::function<void(const Stretch&, const std::string&)>& each) const {
  Statement all(*database_,
                "SELECT s.start, s.stop, s.text FROM document d "
                "JOIN sentence s ON s.document = d.number WHERE d.id = ?1 "
                "ORDER BY s.start, s.stop");
  all.with(document);
  while (all.step()) each({all.integer(0), all.integer(1)}, all.text(2));
}

}  // namespace relatum::graph
