// An SQLite file: statements with values, and what went wrong in one sentence.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace relatum::graph {

class Database;

/// A statement that is prepared once and run with many values. Its database outlives it.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// Starts anew with these values for ?1, ?2, …: integers, doubles, text without U+0000.
  template <class... Values>
  Statement& with(const Values&... values) {
    reset();
    int place = 0;
    (bind(++place, values), ...);
    return *this;
  }
  /// The next row; false behind the last one. Throws Error.
  bool step();
  /// Runs a statement that gives no rows.
  template <class... Values>
  void run(const Values&... values) {
    with(values...);
    while (step()) {
    }
    reset();
  }
  /// Lets go of what reading holds.
  void reset();

  int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;

 private:
  void bind(int place, int64_t value);
  void bind(int place, int value) { bind(place, int64_t(value)); }
  void bind(int place, size_t value) { bind(place, int64_t(value)); }
  void bind(int place, double value);
  void bind(int place, const std::string& value);

  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

/// Not thread-safe.
class Database {
 public:
  /// Opens or makes the file; "" is one that lies on disk where it is large, and is gone when it is
  /// closed. Throws Error where it cannot be opened.
  explicit Database(const std::filesystem::path& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Runs statements that give no rows.
  void run(const std::string& sql);
  /// The first column of the first row; "" without one.
  std::string ask(const std::string& sql);
  int64_t last_row() const;
  const std::string& name() const { return name_; }
  /// Throws the Error for what SQLite answered.
  [[noreturn]] void fail_with(int code) const;

 private:
  friend class Statement;
  std::string name_;
  sqlite3* handle_ = nullptr;
};

/// Takes all that is done while it lives back, unless commit() is called.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace relatum::graph
