// JSON lines: one JSON value a line, read with line numbers and written atomically.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <istream>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/atomic_file.h"

namespace relatum::io {

/// Iterates the lines of a file or a stream; blank lines are skipped, CRLF and a BOM are taken.
///
///   JsonlReader reader(path);
///   nlohmann::json row;
///   while (reader.next(row)) use(row, reader.place());
class JsonlReader {
 public:
  /// Throws Error where the file cannot be opened.
  explicit JsonlReader(const std::filesystem::path& path);
  /// Reads `stream`, which must outlive the reader; `name` stands for it in errors ("stdin").
  JsonlReader(std::istream& stream, std::string name);
  ~JsonlReader();

  /// The next row; false at the end. Throws Error naming file and line for a malformed row; the
  /// reader then stands behind that row, so the caller may skip it and go on.
  bool next(nlohmann::json& row);
  /// The next non-blank line as text, without its line end; false at the end.
  bool next_line(std::string& line);

  /// Number of the line read last, counted from 1.
  int64_t line() const { return line_; }
  /// "file:line" of the line read last.
  std::string place() const;

 private:
  std::unique_ptr<std::ifstream> file_;
  std::istream* stream_ = nullptr;
  std::string name_;
  int64_t line_ = 0;
};

/// Writes rows to a file that appears at commit().
class JsonlWriter {
 public:
  explicit JsonlWriter(const std::filesystem::path& path) : file_(path) {}
  void write(const nlohmann::json& row);
  void commit() { file_.commit(); }

 private:
  AtomicFile file_;
};

}  // namespace relatum::io
