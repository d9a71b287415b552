// SQLite's calls and codes.
#include "graph/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <utility>

#include "base/durable.h"
#include "base/error.h"

namespace relatum::graph {
namespace {

constexpr int kPatience = 2000;  // milliseconds for whoever has the file for a moment

}  // namespace

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  const int code = sqlite3_prepare_v2(database.handle_, sql.data(), int(sql.size()), &statement_,
                                      nullptr);
  if (code != SQLITE_OK) database.fail_with(code);
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_.fail_with(code);
  return false;
}

void Statement::reset() { sqlite3_reset(statement_); }

void Statement::bind(int place, int64_t value) {
  RELATUM_CHECK(sqlite3_bind_int64(statement_, place, value) == SQLITE_OK);
}

void Statement::bind(int place, double value) {
  RELATUM_CHECK(sqlite3_bind_double(statement_, place, value) == SQLITE_OK);
}

void Statement::bind(int place, const std::string& value) {
  const int code = sqlite3_bind_text64(statement_, place, value.data(), value.size(),
                                       SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) database_.fail_with(code);
}

int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }

std::string Statement::text(int column) const {
  const unsigned char* bytes = sqlite3_column_text(statement_, column);
  if (!bytes) return "";
  return {reinterpret_cast<const char*>(bytes), size_t(sqlite3_column_bytes(statement_, column))};
}

Database::Database(const std::filesystem::path& path)
    : name_(path.empty() ? "the graph's temporary file" : path.string()) {
  const int code = sqlite3_open_v2(path.c_str(), &handle_,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  if (code == SQLITE_OK && !path.empty() && sqlite3_db_readonly(handle_, "main") == 1) {
    sqlite3_close_v2(handle_);
    fail("graph.store",
         fmt::format("{} may not be written. Change its permissions, or name another "
                     "file.",
                     name_));
  }
  if (code == SQLITE_OK) {
    sqlite3_busy_timeout(handle_, kPatience);
    return;
  }
  try {
    fail_with(code);
  } catch (...) {
    sqlite3_close_v2(handle_);
    throw;
  }
}

Database::~Database() { sqlite3_close_v2(handle_); }

void Database::run(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail_with(code);
}

std::string Database::ask(const std::string& sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.text(0) : "";
}

int64_t Database::last_row() const { return sqlite3_last_insert_rowid(handle_); }

void Database::fail_with(int code) const {
  const int reason = handle_ ? sqlite3_system_errno(handle_) : 0;
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      fail("graph.store",
           fmt::format("{} is in use by another program. Wait until that is done, or "
                       "name another file.",
                       name_));
    case SQLITE_NOTADB:
      fail("graph.store", fmt::format("{} is no SQLite file. Name another one.", name_));
    case SQLITE_CORRUPT:
      fail("graph.store",
           fmt::format("{} is damaged. Take a copy of it, or make the graph anew.", name_));
    case SQLITE_FULL:
      fail("graph.store", fmt::format("cannot write {}: there is no space left for it. Free some "
                                      "space and run again.",
                                      name_));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
      fail("graph.store", fmt::format("{} cannot be opened for writing. Check the path and its "
                                      "permissions.",
                                      name_));
    case SQLITE_TOOBIG:
      fail("graph.store",
           fmt::format("a text is too long for {}: SQLite takes 1 GB at once.", name_));
    case SQLITE_IOERR:
      if (reason) fail_write(name_, reason);
      // SQLite does not always keep what the system answered.
      fail("graph.store", fmt::format("cannot write {}: SQLite says '{}'. Free some space, or "
                                      "check the disk, and run again.",
                                      name_, sqlite3_errmsg(handle_)));
    default: break;
  }
  const char* said = handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
  fail("graph.store",
       fmt::format("{}: SQLite says '{}'. Check the file and its disk.", name_, said));
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.run("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.run("ROLLBACK");
  } catch (const Error&) {  // SQLite has taken it back itself: a full disk, for one
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace relatum::graph
