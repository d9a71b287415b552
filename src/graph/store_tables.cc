// SQL of the tables: what documents gave, then what the graph is computed to.
#include "graph/store_tables.h"

#include <fmt/format.h>

namespace relatum::graph {
namespace {

// `number` is a row's own number, which nothing outside of the file refers to. A mention points to
// its name, a name to its entity, so that merging anew changes a row for each name alone.
// Relations, evidence and entities are of the last finish().
constexpr std::string_view kTables = R"(
CREATE TABLE {0}.setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE {0}.document (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
  source TEXT NOT NULL, sha256 TEXT NOT NULL, adapter TEXT NOT NULL, settings TEXT NOT NULL);
CREATE TABLE {0}.sentence (number INTEGER PRIMARY KEY, document INTEGER NOT NULL,
  start INTEGER NOT NULL, stop INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX {0}.sentence_document ON sentence (document, start, stop);
CREATE VIRTUAL TABLE {0}.sentence_search USING fts5
  (text, content = 'sentence', content_rowid = 'number');
CREATE TABLE {0}.name (number INTEGER PRIMARY KEY, type TEXT NOT NULL, normal TEXT NOT NULL,
  gazetteer TEXT NOT NULL, entity INTEGER, UNIQUE (type, normal, gazetteer));
CREATE INDEX {0}.name_entity ON name (entity);
CREATE TABLE {0}.mention (document INTEGER NOT NULL, place INTEGER NOT NULL,
  start INTEGER NOT NULL, stop INTEGER NOT NULL, text TEXT NOT NULL, probability REAL NOT NULL,
  name INTEGER NOT NULL, PRIMARY KEY (document, place)) WITHOUT ROWID;
CREATE INDEX {0}.mention_name ON mention (name);
CREATE TABLE {0}.candidate (document INTEGER NOT NULL, place INTEGER NOT NULL,
  head INTEGER NOT NULL, tail INTEGER NOT NULL, label TEXT NOT NULL, probability REAL NOT NULL,
  start INTEGER NOT NULL, stop INTEGER NOT NULL, PRIMARY KEY (document, place)) WITHOUT ROWID;
CREATE TABLE {0}.entity (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
  type TEXT NOT NULL, gazetteer TEXT NOT NULL, mentions INTEGER NOT NULL);
CREATE TABLE {0}.relation (number INTEGER PRIMARY KEY, head INTEGER NOT NULL,
  label TEXT NOT NULL, tail INTEGER NOT NULL, probability REAL NOT NULL, support INTEGER NOT NULL,
  UNIQUE (head, label, tail));
CREATE INDEX {0}.relation_tail ON relation (tail);
CREATE TABLE {0}.evidence (relation INTEGER NOT NULL, document INTEGER NOT NULL,
  place INTEGER NOT NULL, exchanged INTEGER NOT NULL,
  PRIMARY KEY (relation, document, place)) WITHOUT ROWID;
CREATE VIEW {0}.fact AS
  SELECT h.name AS head, h.type AS head_type, r.label AS label, t.name AS tail,
    t.type AS tail_type, r.probability AS probability, r.support AS support
  FROM relation r JOIN entity h ON h.number = r.head JOIN entity t ON t.number = r.tail;
CREATE VIEW {0}.proof AS
  SELECT r.head AS head, r.label AS label, r.tail AS tail, d.id AS document, d.source AS source,
    c.start AS start, c.stop AS stop, c.probability AS probability, d.adapter AS adapter,
    (SELECT group_concat(text, ' ') FROM (SELECT s.text AS text FROM sentence s
       WHERE s.document = c.document AND s.start < c.stop AND s.stop > c.start
       ORDER BY s.start)) AS text
  FROM evidence e JOIN relation r ON r.number = e.relation
    JOIN candidate c ON c.document = e.document AND c.place = e.place
    JOIN document d ON d.number = e.document;
PRAGMA {0}.application_id = {1};
PRAGMA {0}.user_version = {2};
)";

}  // namespace

std::string make_tables(std::string_view database) {
  return fmt::format(fmt::runtime(kTables), database, kApplication, kStoreVersion);
}

}  // namespace relatum::graph
