// Tables as text: a header and records, separated by comma, semicolon or tab (RFC 4180's quotes).
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "io/text_file.h"
#include "task/dataset.h"
#include "task/delimited.h"
#include "task/fields.h"
#include "task/forms.h"
#include "task/raw_row.h"
#include "task/utf8.h"

namespace relatum::task {
namespace {

const std::vector<std::string>& columns() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = {"id", "text", "label"};
    all.insert(all.end(), entity_fields().begin(), entity_fields().end());
    return all;
  }();
  return names;
}

constexpr size_t kTelling = 3;  // known columns that make a file without a .csv name a table

/// "Head start " is head_start.
std::string column_name(std::string_view cell) {
  std::string name = utf8_lower(seen_form(cell));
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

bool is_known(const std::string& name) {
  return std::find(columns().begin(), columns().end(), name) != columns().end();
}

/// How the file is cut, and where its records begin.
struct Shape {
  char separator = ',';
  std::string_view records;
  int64_t line = 1;      // of the header
  size_t known = 0;      // columns of the header that we know
  bool has_text = false;
};

/// Excel's first line "sep=;" names the separator; else it is the one that finds most columns.
Shape shape_of(std::string_view bytes) {
  Shape best;
  std::string separators = ",;\t";
  std::string_view records = bytes;
  int64_t line = 1;
  const size_t at = bytes.starts_with('"') ? 1 : 0;
  if (bytes.substr(at).starts_with("sep=") && bytes.size() > at + 4) {
    separators = bytes.substr(at + 4, 1);
    records = bytes.substr(std::min(bytes.find('\n'), bytes.size() - 1) + 1);
    line = 2;
  }
  best.records = records;
  best.separator = separators[0];
  best.line = line;
  for (const char separator : separators) {
    DelimitedReader cutter(records, separator, line);
    DelimitedRecord header;
    if (!cutter.next(header)) break;
    Shape shape{separator, records, line, 0, false};
    for (const std::string& cell : header.fields) {
      const std::string name = column_name(cell);
      shape.known += is_known(name);
      shape.has_text = shape.has_text || name == "text";
    }
    if (shape.known > best.known) best = shape;
  }
  return best;
}

/// Column name to its place in a record.
using Header = std::map<std::string, size_t>;

Header parse_header(const DelimitedRecord& record, Rows& rows) {
  Header header;
  for (size_t i = 0; i < record.fields.size(); ++i) {
    const std::string name = column_name(record.fields[i]);
    if (!is_known(name)) {
      rows.unknown_field(name, columns(), record.line);
    } else if (!header.emplace(name, i).second) {
      rows.fatal(fmt::format("column '{}' stands twice in the header. Remove one.", name));
    }
  }
  if (header.contains("text")) return header;
  std::string seen;
  for (const std::string& cell : record.fields)
    seen += fmt::format("{}'{}'", seen.empty() ? "" : ", ", utf8_printable(cell, 40));
  rows.fatal(fmt::format("the header has no column 'text': it was cut into {}. Columns are "
                         "separated by comma, semicolon or tab, and the first line names them, as "
                         "in text,head,tail,label.",
                         utf8_printable(seen, 200)));
}

/// Cells of one record by the names of their columns.
class Cells {
 public:
  Cells(const DelimitedRecord& record, const Header& header) : record_(record), header_(header) {}

  /// "" where the file has no such column.
  std::string operator[](const std::string& name) const {
    const auto at = header_.find(name);
    return at == header_.end() ? "" : record_.fields[at->second];
  }

  RawEntity entity(const std::string& name) const {
    const Cells& cells = *this;
    RawEntity entity;
    entity.start = offset(name + "_start");
    entity.end = offset(name + "_end");
    entity.name = cells[name];
    entity.type = cells[name + "_type"];
    return entity;
  }

 private:
  std::optional<int64_t> offset(const std::string& name) const {
    const std::string cell = (*this)[name];
    if (cell.find_first_not_of(" \t") == cell.npos) return std::nullopt;
    if (const auto value = whole_number(cell)) return value;
    fail("task.csv", fmt::format("{} is no whole number: '{}'", name, utf8_printable(cell, 40)));
  }

  const DelimitedRecord& record_;
  const Header& header_;
};

void read_record(DelimitedRecord record, const Header& header, size_t width, Rows& rows) {
  for (const std::string& field : record.fields)
    if (const std::string odd = io::encoding_problem(field, false); !odd.empty())
      record.problem = "the row is not UTF-8: it " + odd;
  if (record.problem.empty() && record.fields.size() != width)
    record.problem = fmt::format("expected {} fields as in the header, got {}", width,
                                 record.fields.size());
  if (!record.problem.empty()) return rows.bad(record.line, record.problem);
  Example example;
  try {
    const Cells cells(record, header);
    RawRow raw;
    raw.line = record.line;
    raw.id = id_of_cell(cells["id"]);
    raw.text = cells["text"];
    raw.head = cells.entity("head");
    raw.tail = cells.entity("tail");
    if (const std::string label = cells["label"]; !label.empty()) raw.labels.push_back(label);
    example = settle(std::move(raw));
  } catch (const Error& error) {
    return rows.bad(record.line, error);
  }
  rows.add(std::move(example));
}

void read(std::string_view bytes, Rows& rows) {
  const Shape shape = shape_of(bytes);
  DelimitedReader cutter(shape.records, shape.separator, shape.line);
  DelimitedRecord record;
  if (!cutter.next(record)) return;
  if (!record.problem.empty()) rows.fatal("the header is malformed: " + record.problem + ".");
  const size_t width = record.fields.size();
  const Header header = parse_header(record, rows);
  while (cutter.next(record)) read_record(record, header, width, rows);
}

bool sniff(std::string_view file_name, std::string_view first) {
  const size_t at = first.find_first_not_of(" \t\r\n");
  if (at == first.npos || first[at] == '{' || first[at] == '[') return false;
  if (file_name.ends_with(".csv") || file_name.ends_with(".tsv")) return true;
  const Shape shape = shape_of(first.substr(at));
  return shape.known >= kTelling && shape.has_text;
}

}  // namespace

const DatasetFormat& dataset_csv() {
  static const DatasetFormat format = {
      "csv", "a table with a header: text,head,tail,label or id,text,head_start,head_end,…",
      nullptr, sniff, read};
  return format;
}

}  // namespace relatum::task
