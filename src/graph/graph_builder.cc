// Names read, merged and numbered; candidates chosen document by document; edges joined in order.
#include "graph/graph_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "graph/database.h"
#include "graph/document_edges.h"

namespace relatum::graph {
namespace {

/// The evidence of one edge as it passes by, sentence after sentence.
class EdgeSum {
 public:
  EdgeSum(Combine combine) : combine_(combine) {}

  void add(double of_document, double of_sentence, bool new_sentence) {
    most_ = std::max(most_, of_document);
    if (new_sentence) end_sentence();
    support_ += new_sentence;
    sentence_ = std::max(sentence_, of_sentence);
  }
  int64_t support() const { return support_; }
  double probability() {
    end_sentence();
    return combine_ == Combine::kMaximum ? most_ : std::max(most_, 1 - against_);
  }

 private:
  void end_sentence() {
    against_ *= 1 - sentence_;
    sentence_ = 0;
  }
  Combine combine_;
  double most_ = 0, against_ = 1, sentence_ = 0;
  int64_t support_ = 0;
};

}  // namespace

GraphSummary GraphBuilder::run() {
  database_.run(
      "DELETE FROM name WHERE NOT EXISTS "
      "(SELECT 1 FROM mention m WHERE m.name = name.number)");
  merge();
  choose();
  join();
  keep_rules();
  return summary_;
}

GraphBuilder::Names GraphBuilder::read_names() {
  Names found;
  Statement all(database_,
                "SELECT number, type, normal, gazetteer FROM name "
                "ORDER BY type, normal, gazetteer");
  while (all.step()) {
    if (!rules_.schema.allows_type(all.text(1))) continue;
    found.numbers.push_back(all.integer(0));
    found.names.push_back({all.text(1), all.text(2), all.text(3), "", 0});
  }
  return found;
}

// What each name's mentions say, and how many there are.
void GraphBuilder::count_texts(Names& found) {
  std::unordered_map<int64_t, size_t> place_of;
  for (size_t i = 0; i < found.numbers.size(); ++i) place_of[found.numbers[i]] = i;
  std::map<std::string, int64_t> counts;
  int64_t current = 0;
  const auto settle = [&] {
    const auto at = place_of.find(current);
    if (at != place_of.end() && !counts.empty()) {
      Name& name = found.names[at->second];
      const auto most = std::max_element(
          counts.begin(), counts.end(),
          [](const auto& a, const auto& b) { return a.second < b.second; });
      name.text = most->first;
      for (const auto& [text, count] : counts) name.mentions += count;
    }
    counts.clear();
  };
  Statement all(database_, "SELECT name, text FROM mention ORDER BY name");
  while (all.step()) {
    if (all.integer(0) != current) settle();
    current = all.integer(0);
    if (place_of.contains(current)) ++counts[one_line(all.text(1))];
    else ++summary_.foreign_mentions;
  }
  settle();
}

void GraphBuilder::merge() {
  Names found = read_names();
  count_texts(found);
  MergedNames merged = merge_names(found.names, rules_.merge);
  if (rules_.merge.similarity) summary_.joined = std::move(merged.joined);
  Statement entity(database_,
                   "INSERT INTO entity (number, id, name, type, gazetteer, mentions) "
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  types_ = {""};
  for (const MergedEntity& each : merged.entities) {
    entity.run(types_.size(), each.id, each.name, each.type, each.gazetteer, each.mentions);
    types_.push_back(each.type);
    summary_.mentions += each.mentions;
  }
  summary_.entities = int64_t(merged.entities.size());
  Statement name(database_, "UPDATE name SET entity = ?2 WHERE number = ?1");
  for (size_t i = 0; i < found.numbers.size(); ++i) {
    const auto number = int64_t(merged.entity_of[i]) + 1;
    name.run(found.numbers[i], number);
    entity_of_.resize(std::max(entity_of_.size(), size_t(found.numbers[i]) + 1));
    entity_of_[size_t(found.numbers[i])] = number;
  }
}

void GraphBuilder::choose() {
  database_.run(
      "CREATE TEMP TABLE IF NOT EXISTS found (head INTEGER, label TEXT, tail INTEGER, "
      "document INTEGER, place INTEGER, exchanged INTEGER, probability REAL); "
      "DELETE FROM temp.found");
  std::vector<int64_t> documents;
  Statement all(database_, "SELECT number FROM document ORDER BY id");
  while (all.step()) documents.push_back(all.integer(0));
  summary_.documents = int64_t(documents.size());
  for (size_t i = 0; i < documents.size(); ++i) {
    if (context_.stopping()) {
      fail("graph.finish",
           "stopped before the graph was made. The documents that were read are "
           "kept: run the same command to go on.");
    }
    choose_one(documents[i]);
    if (i % 64 == 0) {
      context_.report({"choosing edges", double(i), double(documents.size()), "documents", ""});
    }
  }
  context_.end_progress();
}

void GraphBuilder::choose_one(int64_t document) {
  std::vector<EntityCandidate> candidates;
  std::vector<int64_t> places;
  Statement all(database_,
                "SELECT c.place, h.name, t.name, c.label, c.probability "
                "FROM candidate c "
                "JOIN mention h ON h.document = c.document AND h.place = c.head "
                "JOIN mention t ON t.document = c.document AND t.place = c.tail "
                "WHERE c.document = ?1 ORDER BY c.place");
  all.with(document);
  const auto entity = [&](int64_t name) {
    return size_t(name) < entity_of_.size() ? entity_of_[size_t(name)] : 0;
  };
  while (all.step()) {
    const int64_t head = entity(all.integer(1)), tail = entity(all.integer(2));
    if (!head || !tail) {
      ++summary_.foreign_edges;
      continue;
    }
    places.push_back(all.integer(0));
    candidates.push_back({head, tail, all.text(3), all.real(4)});
  }
  if (candidates.empty()) return;
  const DocumentChoice chosen = choose_document(candidates, types_, rules_.schema, rules_.choice);
  summary_.foreign_edges += chosen.foreign;
  summary_.loops += chosen.loops;
  summary_.unlikely += chosen.unlikely;
  summary_.unproven += !chosen.proven;
  Statement row(database_, "INSERT INTO temp.found VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  for (const DocumentEdge& edge : chosen.edges) {
    for (const Proof& proof : edge.proofs) {
      row.run(edge.head, edge.label, edge.tail, document, places[proof.candidate],
              int(proof.exchanged), edge.probability);
    }
  }
}

void GraphBuilder::join() {
  struct Place {
    int64_t document = 0, start = 0, stop = 0;
    bool operator==(const Place&) const = default;
  };
  Statement relation(database_,
                     "INSERT INTO relation (number, head, label, tail, probability, "
                     "support) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  Statement evidence(database_, "INSERT INTO evidence VALUES (?1, ?2, ?3, ?4)");
  std::tuple<int64_t, std::string, int64_t> current;
  EdgeSum sum(rules_.combine);
  Place last;
  const auto settle = [&] {
    if (summary_.edges == 0) return;
    const auto& [head, label, tail] = current;
    const double probability = sum.probability();
    relation.run(summary_.edges, head, label, tail, probability, sum.support());
  };
  Statement all(database_,
                "SELECT f.head, f.label, f.tail, f.document, f.place, f.exchanged, "
                "f.probability, c.probability, c.start, c.stop FROM temp.found f "
                "JOIN candidate c ON c.document = f.document AND c.place = f.place "
                "JOIN document d ON d.number = f.document "
                "ORDER BY f.head, f.label, f.tail, d.id, c.start, c.stop, f.place");
  while (all.step()) {
    const std::tuple edge{all.integer(0), all.text(1), all.integer(2)};
    const Place place{all.integer(3), all.integer(8), all.integer(9)};
    const bool next = edge != current;
    if (next) {
      settle();
      ++summary_.edges;
      current = edge;
      sum = EdgeSum(rules_.combine);
    }
    sum.add(all.real(6), all.real(7), next || !(place == last));
    last = place;
    evidence.run(summary_.edges, place.document, all.integer(4), all.integer(5));
    ++summary_.evidence;
  }
  settle();
  database_.run("DELETE FROM temp.found");
}

void GraphBuilder::keep_rules() {
  Statement row(database_, "INSERT OR REPLACE INTO setting VALUES (?1, ?2)");
  row.run(std::string("schema"), rules_.schema.text());
  row.run(std::string("threshold"), fmt::format("{}", rules_.choice.threshold));
  row.run(std::string("several_labels"), std::string(rules_.choice.several_labels ? "1" : "0"));
  row.run(std::string("combine"),
          std::string(rules_.combine == Combine::kMaximum ? "maximum" : "noisy-or"));
  row.run(std::string("finished"), std::string("1"));
}

}  // namespace relatum::graph
