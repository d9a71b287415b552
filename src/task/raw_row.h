// A row of our own formats before its entities are found: by places, by strings or by marks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "task/document.h"
#include "task/example.h"

namespace relatum::task {

/// One entity as a row may give it: offsets, or the string that stands in the text, or both.
struct RawEntity {
  std::optional<int64_t> start, end;  ///< code points of the text, end exclusive
  std::string name;                   ///< "" where the row has none
  std::string type;
};

/// What JSON lines and tables say of one example.
struct RawRow {
  std::string id, text;  ///< the id may be empty: RowSink names the row by its line then
  RawEntity head, tail;
  std::vector<std::string> labels;  ///< gold labels, none where the row has none
  std::string adapter{};            ///< where rows name one
  int64_t line = 0;
};

/// The field by which a row names its adapter, where rows are to name one.
inline constexpr const char* kAdapterField = "adapter";

/// Names of the entities' fields as they stand in a row: "head", "head_start", "head_end",
/// "head_type" and the tail's.
const std::vector<std::string>& entity_fields();

/// Finds the entities. A text with <e1>…</e1> and <e2>…</e2> loses its marks; a string is looked
/// for in the text (task/forms.h). Throws Error, with no file or line, where an entity is not
/// given, not found, or stands in several places, and where two ways of giving it contradict one
/// another.
Example settle(RawRow row);

/// The row as a document without entities, whose relations nobody looked for, where it is a text
/// alone: it has no entity's field, and no marks. Else nothing.
std::optional<Document> text_alone(const RawRow& row);
/// What RowSink::odd() says of such a row that has a label.
inline constexpr const char* kLabelOfNoPair = "a label of a row that marks no pair is not read, in";

/// Removes <e1>, </e1>, <e2> and </e2> from `marked`, each of which must stand there once, and
/// notes in the example where they stood. Gives what is wrong, or "".
std::string take_marks(std::string_view marked, Example& example);

}  // namespace relatum::task
