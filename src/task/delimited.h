// Text cut into records and fields by a separator, quoted as RFC 4180 has it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::task {

struct DelimitedRecord {
  std::vector<std::string> fields;
  std::string problem;    ///< what is malformed; empty where nothing is
  int64_t line = 1;       ///< where the record starts, from 1
  int64_t last_line = 1;  ///< where it ends
};

/// Reads forward through a text that must outlive it. A field that starts with a quote may hold
/// separators, line ends and doubled quotes. Empty lines, and records of empty cells alone, as
/// spreadsheets write below a table, are no records.
class DelimitedReader {
 public:
  /// `line`: the number of the text's first line.
  DelimitedReader(std::string_view bytes, char separator, int64_t line = 1)
      : bytes_(bytes), separator_(separator), ends_{separator, '\r', '\n'}, line_(line) {}

  /// The next record; false at the end. A record with a problem has only the fields before it, and
  /// ends with its first line: a quote that is missing there swallows no other line.
  bool next(DelimitedRecord& record);
  /// Bytes behind what was read.
  size_t left() const { return bytes_.size(); }
  /// Where next() gave a record of several lines: the record that its second line starts, if that
  /// lies within it and is sound.
  std::optional<DelimitedRecord> second_line() const;
  /// Goes back to the first line end of the record that next() gave.
  void end_with_first_line();

 private:
  void step();
  std::string plain(DelimitedRecord& record);
  std::string quoted(DelimitedRecord& record);
  void take_record(DelimitedRecord& record);

  std::string_view bytes_;
  char separator_;
  std::string ends_;  // what a field ends before
  int64_t line_;
  std::string_view record_bytes_;  // from the last record's start on
  int64_t record_line_ = 1;
};

/// A field in quotes, with those within it doubled.
std::string quoted_field(std::string_view text);

}  // namespace relatum::task
