// Cuts the header by each separator in turn.
#include "task/table_shape.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/printable.h"
#include "task/forms.h"
#include "text/unicode.h"

namespace relatum::task {

std::string column_name(std::string_view cell) {
  std::string name = text::full_lower_case(seen_form(cell));
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

int64_t TableShape::find(std::string_view name) const {
  const auto at = std::find(columns.begin(), columns.end(), name);
  return at == columns.end() ? -1 : at - columns.begin();
}

std::string TableShape::repeated(std::span<const std::string> names) const {
  for (const std::string& name : names) {
    if (std::count(columns.begin(), columns.end(), name) > 1) return name;
  }
  return "";
}

std::string TableShape::problem(const DelimitedRecord& record) const {
  if (!record.problem.empty() || record.fields.size() == columns.size()) return record.problem;
  return fmt::format("expected {} fields as in the header, got {}", columns.size(),
                     record.fields.size());
}

std::string TableShape::quoted(std::span<const std::string> but_for) const {
  std::string names;
  for (const std::string& column : columns) {
    if (column.empty() || std::ranges::find(but_for, column) != but_for.end()) continue;
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", printable_start(column, 40));
  }
  return printable_start(names, 200);
}

TableShape find_table(std::string_view bytes, std::span<const std::string> known) {
  TableShape best;
  std::string separators = ",;\t";
  best.records = bytes;
  const size_t at = bytes.starts_with('"') ? 1 : 0;
  if (bytes.substr(at).starts_with("sep=") && bytes.size() > at + 4) {
    separators = bytes.substr(at + 4, 1);
    best.records = bytes.substr(std::min(bytes.find('\n'), bytes.size() - 1) + 1);
    best.line = 2;
  }
  best.separator = separators[0];
  for (const char separator : separators) {
    DelimitedReader cutter(best.records, separator, best.line);
    DelimitedRecord header;
    if (!cutter.next(header)) break;
    TableShape shape{separator, best.records, best.line, {}, 0};
    for (const std::string& cell : header.fields) {
      shape.columns.push_back(column_name(cell));
      shape.known += std::find(known.begin(), known.end(), shape.columns.back()) != known.end();
    }
    if (shape.known > best.known) best = shape;
  }
  return best;
}

}  // namespace relatum::task
