// The objects of a JSON file, whether one a line or all in one array.
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "task/row_sink.h"

namespace relatum::task {

/// One object as text. `number` counts the file's objects from 1.
struct JsonRow {
  std::string_view text;
  int64_t line = 0, number = 0;
};

/// Hands every object to `parse`, and what comes of it to the rows; what `parse` throws is a bad
/// row. A file that starts with '[' is one array, all else has one object a line. A row without an
/// id is named by its line, in an array by its place from 0, as in other programs' lists.
void read_json_rows(std::string_view bytes, RowSink& rows,
                    const std::function<Example(const JsonRow&, RowSink&)>& parse);

/// The same from a stream, each line once it is there. An array is read to its end first.
void read_json_lines(std::istream& input, RowSink& rows,
                     const std::function<Example(const JsonRow&, RowSink&)>& parse);

/// The keys of the first object of lines or of an array, as far as they lie in `first`.
std::vector<std::string> first_keys(std::string_view first);

}  // namespace relatum::task
