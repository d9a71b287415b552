// Predictions of documents, joined with data that have their ids, and their scores.
#include "../memory.h"
#include "../texts.h"
#include "task/document_report.h"

namespace relatum::fuzz {
namespace {

/// A document of some entities and relations with the id of a prediction.
task::Document gold_of(const std::string& id) {
  task::Document gold;
  gold.id = id;
  gold.text = "Ada Lee runs Pell Works in Garth, é says Bo.";
  gold.entities = {{"a", {0, 7, "PER"}}, {"p", {13, 23, "ORG"}}, {"g", {27, 32, "LOC"}}};
  gold.relations = {{"a", "p", "runs"}, {"p", "g", "in"}, {"a", "g", "partner"}};
  return gold;
}

void require_sums(const task::DocumentCounts& counts) {
  const task::EntityErrors& e = counts.entity_errors;
  const int64_t found = e.right + e.type + e.boundary;
  require(found + e.missed == counts.entities_strict.gold, "every gold entity is counted once");
  require(found + e.spurious == counts.entities_strict.predicted,
          "every predicted entity is counted once");
  const task::RelationErrors& r = counts.relation_errors;
  const int64_t both = r.right + r.end_type + r.direction + r.label;
  require(both + r.missed_pair + r.lost_entity == counts.relations_strict.gold,
          "every gold relation is counted once");
  require(both + r.spurious_pair + r.no_entity == counts.relations_strict.predicted,
          "every predicted relation is counted once");
}

bool run(Bytes bytes) {
  static const MemoryFolder folder;
  folder.write("found.jsonl", bytes);
  return accepts([&] {
    auto predictions = task::read_document_predictions(folder.path() / "found.jsonl");
    task::GoldDocuments gold{"gold.jsonl", {}};
    for (const task::Document& each : predictions) gold.documents.push_back(gold_of(each.id));
    task::DocumentScoreOptions options;
    options.relations = !predictions[0].unlabelled;
    options.symmetric = {"partner"};
    options.samples = 2;
    const auto report = task::score_documents(gold, std::move(predictions), "found.jsonl", options);
    require_sums(report.counts);
    require_utf8(task::to_json(report));
    require_utf8(task::to_text(report));
  });
}

}  // namespace

const Target& target_found_documents() {
  static const Target target{"found_documents", run};
  return target;
}

}  // namespace relatum::fuzz
