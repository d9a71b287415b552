// Text cut into records and fields by a separator, quoted as RFC 4180 has it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::task {

struct DelimitedRecord {
  std::vector<std::string> fields;
  std::string problem;  ///< what is malformed; empty where nothing is
  int64_t line = 1;     ///< where the record starts, from 1
};

/// Reads forward through a text that must outlive it. A field that starts with a quote may hold
/// separators, line ends and doubled quotes. Empty lines are no records.
class DelimitedReader {
 public:
  /// `line`: the number of the text's first line.
  DelimitedReader(std::string_view bytes, char separator, int64_t line = 1)
      : bytes_(bytes), separator_(separator), ends_{separator, '\r', '\n'}, line_(line) {}

  /// The next record; false at the end.
  bool next(DelimitedRecord& record);

 private:
  void step();
  std::string plain(DelimitedRecord& record);
  std::string quoted(DelimitedRecord& record);

  std::string_view bytes_;
  char separator_;
  std::string ends_;  // what a field ends before
  int64_t line_;
};

}  // namespace relatum::task
