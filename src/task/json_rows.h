// The objects of a JSON file, whether one a line or all in one array.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "task/row_sink.h"

namespace relatum::task {

/// One object as text. `number` counts the file's objects from 1; `row` is the same of a file that
/// is one array, else 0.
struct JsonRow {
  std::string_view text;
  int64_t line = 0, number = 0, row = 0;
};

/// What a row came to: an example, a document, or neither where it is passed over. A document of
/// the rows before goes before an example.
struct ParsedRow {
  std::optional<Example> example{};
  std::optional<Document> document{};
};
using ParseRow = std::function<ParsedRow(const JsonRow&, RowSink&)>;
/// Hands every object to `parse`, and what comes of it to the rows; what `parse` throws is a bad
/// row. A file that starts with '[' is one array, all else has one object a line. A row without an
/// id is named by its line, in an array by its place from 0, as in other programs' lists. What a
/// reader says of a row names the row where the file is one array, whose rows may all stand on one
/// line.
void read_json_items(std::string_view bytes, RowSink& rows, const ParseRow& parse);
/// The same from a stream, each line once it is there. An array is read to its end first.
void read_json_item_lines(std::istream& input, RowSink& rows, const ParseRow& parse);

/// DatasetFormat::read and read_lines of a format whose rows are parsed one by one.
template <ParsedRow (*parse)(const JsonRow&, RowSink&)>
void read_json(std::string_view bytes, RowSink& rows) {
  read_json_items(bytes, rows, parse);
}
template <ParsedRow (*parse)(const JsonRow&, RowSink&)>
void read_json_lines(std::istream& input, RowSink& rows) {
  read_json_item_lines(input, rows, parse);
}

/// The keys of the first object of lines or of an array, as far as they lie in `first`.
std::vector<std::string> first_keys(std::string_view first);
/// Whether that object has the key, and whether it has all of them.
bool has_first_key(std::string_view first, std::string_view key);
bool has_first_keys(std::string_view first, std::initializer_list<std::string_view> keys);
/// The text of that object's value of `key`, from its first character on; "" where there is none.
std::string_view first_value(std::string_view first, std::string_view key);

}  // namespace relatum::task
