// Documents that are rows: JSON lines, and tables with a text column.
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "graph/document_result.h"

namespace relatum::graph {

/// Which fields of a row are read.
struct RowFields {
  std::string text = "text";
  std::string id = "id";
};

/// A sound row.
struct DocumentRow {
  std::string id;  ///< its own, or ""
  int64_t line = 0;
  std::string text{};
  std::vector<Mention> entities{};
  bool has_entities = false;  ///< JSON lines' `entities`, which may be an empty list
  uint64_t read = 0;          ///< bytes of the input that have been read with it
};

/// Where rows go as they are read.
struct RowTaker {
  /// False to read no further.
  std::function<bool(DocumentRow&& row)> take;
  /// Of a malformed row; throws, or lists it.
  std::function<void(int64_t line, const std::string& sentence)> bad;
  /// Names of fields that nobody reads, the first hundred.
  std::set<std::string> unread{};
};

/// JSON lines: objects with a string for the text; an id is a string or a whole number; `entities`,
/// where there are any, are those of data sets (task/json_document.h), each with a type, and with a
/// `probability` where somebody knows it. `name` stands for the stream in errors. Throws Error
/// where it cannot be read.
void read_json_documents(std::istream& stream, const std::string& name, const RowFields& fields,
                         RowTaker& rows);

/// A table, as docs/your-data.md describes them; columns' names are compared as there, and blank
/// texts are documents, too. Line ends within a text become LF. Throws Error where the table has no
/// text column or is not UTF-8 from its start.
void read_table_documents(std::string_view bytes, const std::string& name, const RowFields& fields,
                          RowTaker& rows);

}  // namespace relatum::graph
