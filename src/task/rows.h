// Where a dataset's reader puts its rows: good ones are kept, bad ones stop the job or are listed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "task/example.h"

namespace relatum::task {

/// A row that was left out, with what was wrong with it.
struct BadRow {
  int64_t line = 0;
  std::string sentence;
};

/// Rows of one file. `room` and `file` stand in every message: "[task.csv] a.csv:17: …".
class Rows {
 public:
  Rows(std::string room, std::string file, bool skip_bad)
      : room_(std::move(room)), file_(std::move(file)), skip_bad_(skip_bad) {}

  /// Keeps the example, or reports it by bad() where its spans or its text are not sound.
  void add(Example example);
  /// Throws Error with file and line, or keeps the sentence where bad rows are to be skipped.
  void bad(int64_t line, const std::string& sentence);
  /// The same for what a parser threw: its bracket and its full stop go.
  void bad(int64_t line, const Error& error);
  /// Throws Error with the file: what no skipping of rows can mend.
  [[noreturn]] void fatal(const std::string& sentence) const;

  std::vector<Example>& examples() { return examples_; }
  std::vector<BadRow>& bad_rows() { return bad_rows_; }
  const std::string& file() const { return file_; }

 private:
  std::string room_, file_;
  bool skip_bad_;
  std::vector<Example> examples_;
  std::vector<BadRow> bad_rows_;
};

}  // namespace relatum::task
