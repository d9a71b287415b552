// Documents' results in and out of the file; the graph itself is made by graph_builder.cc.
#include "graph/store.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/printable.h"
#include "graph/database.h"
#include "graph/graph_builder.h"
#include "graph/store_tables.h"

namespace relatum::graph {
namespace {

// Whether the file is new. Refuses what other programs or other versions made.
bool is_new(Database& database) {
  // The first look at the file: one that is no SQLite file is told here.
  const std::string tables = database.ask("SELECT count(*) FROM sqlite_master");
  const std::string application = database.ask("PRAGMA application_id");
  const std::string version = database.ask("PRAGMA user_version");
  if (tables == "0" && application == "0") return true;
  if (application != std::to_string(kApplication)) {
    fail("graph.store", fmt::format("{} is an SQLite file of another program. Name another file.",
                                    database.name()));
  }
  if (version != std::to_string(kStoreVersion)) {
    fail("graph.store",
         fmt::format("{} has version {} of its form, and this build of Relatum reads "
                     "version {}. Make the graph anew, or use the build that made it.",
                     database.name(), version, kStoreVersion));
  }
  return false;
}

}  // namespace

GraphStore::GraphStore(const std::filesystem::path& path)
    : database_(std::make_unique<Database>(path)) {
  database_->run("PRAGMA locking_mode = EXCLUSIVE");
  const bool fresh = is_new(*database_);
  if (!path.empty()) {
    // A process that is killed loses what it had not committed and nothing else; a power cut may
    // take the last documents too, which are then read again.
    database_->run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  }
  database_->run("PRAGMA cache_size = -65536");  // KiB
  Transaction transaction(*database_);
  if (fresh) database_->run(make_tables("main"));
  transaction.commit();
}

GraphStore::~GraphStore() {
  try {
    database_->run("PRAGMA journal_mode = DELETE");  // one file again
  } catch (const Error&) {  // it stays beside the file and is read when that is next opened
  }
}

bool GraphStore::holds(const std::string& id, const std::string& sha256, const std::string& adapter,
                       const std::string& settings) const {
  Statement find(*database_,
                 "SELECT 1 FROM document WHERE id = ?1 AND sha256 = ?2 AND adapter = ?3 "
                 "AND settings = ?4");
  return find.with(id, sha256, adapter, settings).step();
}

int64_t GraphStore::number_of(const std::string& id) const {
  Statement find(*database_, "SELECT number FROM document WHERE id = ?1");
  return find.with(id).step() ? find.integer(0) : 0;
}

// The graph of other results is no graph of these: it goes with the first change.
void GraphStore::change() {
  if (changed_) return;
  database_->run(
      "DELETE FROM evidence; DELETE FROM relation; DELETE FROM entity; "
      "UPDATE name SET entity = NULL WHERE entity IS NOT NULL; "
      "DELETE FROM setting WHERE key = 'finished'");
}

void GraphStore::forget(int64_t document) {
  Database& database = *database_;
  Statement(database,
            "INSERT INTO sentence_search (sentence_search, rowid, text) "
            "SELECT 'delete', number, text FROM sentence WHERE document = ?1")
      .run(document);
  for (const char* table : {"sentence", "mention", "candidate"}) {
    Statement(database, fmt::format("DELETE FROM {} WHERE document = ?1", table)).run(document);
  }
  Statement(database, "DELETE FROM document WHERE number = ?1").run(document);
}

namespace {

class Putter {
 public:
  Putter(Database& database, const DocumentResult& result) : database_(database), result_(result) {}

  void run() {
    Statement(database_,
              "INSERT INTO document (id, source, sha256, adapter, settings) "
              "VALUES (?1, ?2, ?3, ?4, ?5)")
        .run(result_.id, result_.source, result_.sha256, result_.adapter, result_.settings);
    document_ = database_.last_row();
    put_sentences();
    put_mentions();
    put_candidates();
  }

 private:
  void put_sentences() {
    const CodePoints points(result_.text);
    Statement row(database_,
                  "INSERT INTO sentence (document, start, stop, text) "
                  "VALUES (?1, ?2, ?3, ?4)");
    Statement search(database_, "INSERT INTO sentence_search (rowid, text) VALUES (?1, ?2)");
    for (const Stretch& sentence : result_.sentences) {
      const std::string text(points.slice(sentence.start, sentence.end));
      row.run(document_, sentence.start, sentence.end, text);
      search.run(database_.last_row(), text);
    }
  }

  int64_t number_of_name(Statement& find, Statement& add, const Mention& mention) {
    const std::string normal = normal_name(mention.text, {.articles = {}});
    if (find.with(mention.type, normal, mention.gazetteer).step()) return find.integer(0);
    add.run(mention.type, normal, mention.gazetteer);
    return database_.last_row();
  }

  void put_mentions() {
    Statement find(database_,
                   "SELECT number FROM name WHERE type = ?1 AND normal = ?2 "
                   "AND gazetteer = ?3");
    Statement add(database_, "INSERT INTO name (type, normal, gazetteer) VALUES (?1, ?2, ?3)");
    Statement row(database_,
                  "INSERT INTO mention (document, place, start, stop, text, probability, "
                  "name) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    for (size_t i = 0; i < result_.mentions.size(); ++i) {
      const Mention& mention = result_.mentions[i];
      row.run(document_, i, mention.span.start, mention.span.end, mention.text, mention.probability,
              number_of_name(find, add, mention));
    }
  }

  void put_candidates() {
    Statement row(database_,
                  "INSERT INTO candidate (document, place, head, tail, label, "
                  "probability, start, stop) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    for (size_t i = 0; i < result_.edges.size(); ++i) {
      const CandidateEdge& edge = result_.edges[i];
      row.run(document_, i, edge.head, edge.tail, edge.label, edge.probability, edge.sentence.start,
              edge.sentence.end);
    }
  }

  Database& database_;
  const DocumentResult& result_;
  int64_t document_ = 0;
};

}  // namespace

void GraphStore::put(std::span<const DocumentResult> results) {
  for (const DocumentResult& result : results) {
    const std::string problem = problem_of(result);
    if (problem.empty()) continue;
    fail("graph.store",
         fmt::format("document '{}' cannot be kept: {}. Leave it out, or correct it.",
                     printable_start(result.id), problem));
  }
  Transaction transaction(*database_);
  change();
  for (const DocumentResult& result : results) {
    if (const int64_t old = number_of(result.id)) forget(old);
    Putter(*database_, result).run();
  }
  transaction.commit();
  changed_ = true;
}

bool GraphStore::remove(const std::string& id) {
  Transaction transaction(*database_);
  const int64_t number = number_of(id);
  if (!number) return false;
  change();
  forget(number);
  transaction.commit();
  changed_ = true;
  return true;
}

int64_t GraphStore::remove_others(const std::set<std::string>& kept) {
  int64_t removed = 0;
  for (const std::string& id : ids()) {
    if (!kept.contains(id)) removed += remove(id);
  }
  return removed;
}

std::vector<std::string> GraphStore::ids() const {
  std::vector<std::string> result;
  Statement all(*database_, "SELECT id FROM document ORDER BY id");
  while (all.step()) result.push_back(all.text(0));
  return result;
}

bool GraphStore::finished() const {
  return database_->ask("SELECT value FROM setting WHERE key = 'finished'") == "1";
}

Schema GraphStore::schema() const {
  const std::string text = database_->ask("SELECT value FROM setting WHERE key = 'schema'");
  return text.empty() ? Schema() : Schema::parse(text, database_->name());
}

GraphSummary GraphStore::finish(const GraphRules& rules, const Context& context) {
  Transaction transaction(*database_);
  changed_ = false;
  change();
  const GraphSummary summary = GraphBuilder(*database_, rules, context).run();
  transaction.commit();
  return summary;
}

}  // namespace relatum::graph
