// A store's content without its history: as lines, and as a file with rows in an order of their
// own.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/durable.h"
#include "base/error.h"
#include "graph/database.h"
#include "graph/store.h"
#include "graph/store_tables.h"

namespace relatum::graph {
namespace {

namespace fs = std::filesystem;

// Every table but the search index, which follows from the sentences; each value as JSON has it.
constexpr const char* kLines[] = {
    "SELECT json_array('setting', key, value) FROM setting ORDER BY key",
    "SELECT json_array('document', id, source, sha256, adapter, settings) FROM document "
    "ORDER BY id",
    "SELECT json_array('sentence', d.id, s.start, s.stop, s.text) FROM sentence s "
    "JOIN document d ON d.number = s.document ORDER BY d.id, s.start, s.stop",
    "SELECT json_array('name', n.type, n.normal, n.gazetteer, e.id) FROM name n "
    "LEFT JOIN entity e ON e.number = n.entity ORDER BY n.type, n.normal, n.gazetteer",
    "SELECT json_array('mention', d.id, m.place, m.start, m.stop, m.text, m.probability, "
    "n.type, n.normal, n.gazetteer) FROM mention m JOIN document d ON d.number = m.document "
    "JOIN name n ON n.number = m.name ORDER BY d.id, m.place",
    "SELECT json_array('candidate', d.id, c.place, c.head, c.tail, c.label, c.probability, "
    "c.start, c.stop) FROM candidate c JOIN document d ON d.number = c.document "
    "ORDER BY d.id, c.place",
    "SELECT json_array('entity', id, name, type, gazetteer, mentions) FROM entity ORDER BY id",
    "SELECT json_array('relation', h.id, r.label, t.id, r.probability, r.support) FROM relation r "
    "JOIN entity h ON h.number = r.head JOIN entity t ON t.number = r.tail "
    "ORDER BY h.id, r.label, t.id",
    "SELECT json_array('evidence', h.id, r.label, t.id, d.id, e.place, e.exchanged) "
    "FROM evidence e JOIN relation r ON r.number = e.relation "
    "JOIN entity h ON h.number = r.head JOIN entity t ON t.number = r.tail "
    "JOIN document d ON d.number = e.document ORDER BY h.id, r.label, t.id, d.id, e.place",
};

// Rows get numbers by what they say; entities and relations have such numbers already.
constexpr const char* kCopy = R"(
CREATE TEMP TABLE new_document (old INTEGER PRIMARY KEY, number INTEGER);
INSERT INTO temp.new_document SELECT number, row_number() OVER (ORDER BY id) FROM main.document;
CREATE TEMP TABLE new_name (old INTEGER PRIMARY KEY, number INTEGER);
INSERT INTO temp.new_name
  SELECT number, row_number() OVER (ORDER BY type, normal, gazetteer) FROM main.name;
INSERT INTO copy.setting SELECT key, value FROM main.setting ORDER BY key;
INSERT INTO copy.document SELECT n.number, id, source, sha256, adapter, settings
  FROM main.document d JOIN temp.new_document n ON n.old = d.number ORDER BY n.number;
INSERT INTO copy.sentence (document, start, stop, text) SELECT n.number, start, stop, text
  FROM main.sentence s JOIN temp.new_document n ON n.old = s.document
  ORDER BY n.number, start, stop;
INSERT INTO copy.name SELECT m.number, type, normal, gazetteer, entity
  FROM main.name n JOIN temp.new_name m ON m.old = n.number ORDER BY m.number;
INSERT INTO copy.mention SELECT n.number, place, start, stop, text, probability, w.number
  FROM main.mention m JOIN temp.new_document n ON n.old = m.document
  JOIN temp.new_name w ON w.old = m.name ORDER BY n.number, place;
INSERT INTO copy.candidate SELECT n.number, place, head, tail, label, probability, start, stop
  FROM main.candidate c JOIN temp.new_document n ON n.old = c.document ORDER BY n.number, place;
INSERT INTO copy.entity SELECT * FROM main.entity ORDER BY number;
INSERT INTO copy.relation SELECT * FROM main.relation ORDER BY number;
INSERT INTO copy.evidence SELECT relation, n.number, place, exchanged
  FROM main.evidence e JOIN temp.new_document n ON n.old = e.document
  ORDER BY relation, n.number, place;
INSERT INTO copy.sentence_search (sentence_search) VALUES ('rebuild');
INSERT INTO copy.sentence_search (sentence_search) VALUES ('optimize');
DROP TABLE temp.new_document;
DROP TABLE temp.new_name;
)";

/// A second file at the database's side, gone again unless kept.
class Beside {
 public:
  Beside(Database& database, const fs::path& target)
      : database_(database), target_(target), fresh_(temporary_of(target)) {
    create_folders(folder_of(target));
    remove_leftover_files(target);
    file_ = ::open(fresh_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (file_ < 0) fail_write(fresh_, errno);
    (void)::flock(file_, LOCK_EX | LOCK_NB);
    try {
      Statement(database_, "ATTACH ?1 AS copy").run(fresh_.string());
      attached_ = true;
      // What is not whole never gets its name, so a journal would protect nothing.
      database_.run("PRAGMA copy.journal_mode = OFF; PRAGMA copy.synchronous = OFF");
    } catch (...) {
      give_up();
      throw;
    }
  }
  ~Beside() { give_up(); }
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;

  void keep() {
    detach();
    if (::fsync(file_) != 0) fail_write(fresh_, errno);
    if (::rename(fresh_.c_str(), target_.c_str()) != 0) fail_write(target_, errno);
    kept_ = true;
    if (const int reason = sync_folder(folder_of(target_), file_)) fail_write(target_, reason);
  }

 private:
  void detach() {
    if (!attached_) return;
    attached_ = false;
    database_.run("DETACH copy");
  }
  void give_up() {
    try {
      detach();
    } catch (const Error&) {  // it goes with the connection
    }
    if (!kept_) ::unlink(fresh_.c_str());
    ::close(file_);
  }

  Database& database_;
  fs::path target_, fresh_;
  int file_ = -1;
  bool attached_ = false, kept_ = false;
};

}  // namespace

void GraphStore::dump(const std::function<void(const std::string&)>& line) const {
  for (const char* sql : kLines) {
    Statement rows(*database_, sql);
    while (rows.step()) line(rows.text(0));
  }
}

void GraphStore::copy_to(const fs::path& path) const {
  std::error_code ignored;
  if (fs::equivalent(path, database_->name(), ignored)) {
    fail("graph.copy",
         fmt::format("{} is the file that the graph is kept in. Name another one.", path.string()));
  }
  Beside copy(*database_, behind_links(path));
  {
    Transaction transaction(*database_);
    database_->run(make_tables("copy"));
    database_->run(kCopy);
    transaction.commit();
  }
  copy.keep();
}

}  // namespace relatum::graph
