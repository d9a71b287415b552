// A table's text cut into records and fields, quoted as RFC 4180 has it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::task {

struct CsvRecord {
  std::vector<std::string> fields;
  std::string problem;  ///< what is malformed; empty where nothing is
  int64_t line = 1;     ///< where the record starts, from 1
};

/// Reads forward through a text that must outlive it. A quoted field may hold separators, line ends
/// and doubled quotes. Empty lines are no records.
class CsvRecords {
 public:
  CsvRecords(std::string_view bytes, char separator, int64_t line)
      : bytes_(bytes), separator_(separator), ends_{separator, '\r', '\n'}, line_(line) {}

  /// The next record; false at the end.
  bool next(CsvRecord& record);

 private:
  void step();
  std::string plain(CsvRecord& record);
  std::string quoted(CsvRecord& record);

  std::string_view bytes_;
  char separator_;
  std::string ends_;  // what a field ends before
  int64_t line_;
};

}  // namespace relatum::task
