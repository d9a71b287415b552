// Where a row stands, as sentences say it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::task {

/// Where a row stands in its data.
struct Place {
  std::string_view file;  ///< of data of several files, the one; else ""
  int64_t line = 0;       ///< from 1
  int64_t row = 0;        ///< of a file that is one array, the row's number from 1; else 0
};

/// "line 3", "row 7 (line 1)" of an array, which may stand on one line, or "notes/a.ann:3".
std::string place_text(const Place& place);
/// The same behind a verb: "on line 3", "in row 7 (line 1)", "at notes/a.ann:3".
std::string at_place(const Place& place);
/// The same with `file` before it where the place names none: "a.jsonl:3", "a.json:1: row 7".
std::string full_place(std::string_view file, const Place& place);

/// Places of many rows, each kept as a few numbers.
class Places {
 public:
  struct Kept {
    int64_t line = 0;
    int32_t row = 0;  ///< files of more rows than it holds are told by their line alone
    uint32_t file = 0;
  };
  Kept keep(const Place& place);
  /// Its file is a view into this object.
  Place of(const Kept& kept) const;

 private:
  std::vector<std::string> files_{""};
};

}  // namespace relatum::task
