// Comma-separated values as RFC 4180 quotes them, with a header line.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "base/error.h"
#include "task/dataset.h"
#include "task/nearest.h"

namespace relatum::task {
namespace {

const std::vector<std::string>& columns() {
  static const std::vector<std::string> names = {"id",         "text",      "head_start",
                                                 "head_end",   "tail_start", "tail_end",
                                                 "head_type",  "tail_type", "label"};
  return names;
}
constexpr size_t kNeeded = 6;  // the first six columns; types and label may be absent

struct Record {
  std::vector<std::string> fields;
  std::string problem;
  int64_t line = 1;
};

/// Cuts a text into records; a quoted field may hold commas, line ends and doubled quotes.
class Cutter {
 public:
  explicit Cutter(std::string_view bytes) : bytes_(bytes) {}

  /// The next record; false at the end. Empty lines are no records.
  bool next(Record& record) {
    while (!bytes_.empty() && (bytes_[0] == '\n' || bytes_[0] == '\r')) step();
    if (bytes_.empty()) return false;
    record = {};
    record.line = line_;
    while (true) {
      record.fields.push_back(bytes_.starts_with('"') ? quoted(record) : plain(record));
      if (!bytes_.starts_with(',')) break;
      step();
    }
    while (!bytes_.empty() && bytes_[0] != '\n') step();
    return true;
  }

 private:
  void step() {
    line_ += bytes_[0] == '\n';
    bytes_.remove_prefix(1);
  }

  std::string plain(Record& record) {
    const size_t end = std::min(bytes_.find_first_of(",\r\n"), bytes_.size());
    std::string field(bytes_.substr(0, end));
    if (field.find('"') != field.npos)
      record.problem = "a quote stands within a field that does not start with one";
    bytes_.remove_prefix(end);
    return field;
  }

  std::string quoted(Record& record) {
    std::string field;
    step();
    while (!bytes_.empty()) {
      const char c = bytes_[0];
      step();
      if (c != '"') {
        field += c;
      } else if (bytes_.starts_with('"')) {
        field += c;
        step();
      } else {
        if (!bytes_.empty() && bytes_.find_first_of(",\r\n") != 0)
          record.problem = "something stands between a closing quote and the next comma";
        return field;
      }
    }
    record.problem = "a quoted field is never closed";
    return field;
  }

  std::string_view bytes_;
  int64_t line_ = 1;
};

/// Column name to its place in a record.
using Header = std::map<std::string, size_t>;

Header parse_header(const Record& record, const Rows& rows) {
  Header header;
  for (size_t i = 0; i < record.fields.size(); ++i) {
    const std::string& name = record.fields[i];
    if (std::find(columns().begin(), columns().end(), name) == columns().end()) {
      const std::string near = nearest_name(name, columns());
      rows.fatal(fmt::format("column '{}' is unknown{}. Known ones: id, text, head_start, "
                             "head_end, tail_start, tail_end, head_type, tail_type, label.",
                             name, near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near)));
    }
    if (!header.emplace(name, i).second)
      rows.fatal(fmt::format("column '{}' stands twice in the header. Remove one.", name));
  }
  for (size_t i = 0; i < kNeeded; ++i)
    if (!header.contains(columns()[i]))
      rows.fatal(fmt::format("the header lacks the column '{}'. The first line must name the "
                             "columns: id,text,head_start,head_end,tail_start,tail_end,head_type,"
                             "tail_type,label.",
                             columns()[i]));
  return header;
}

/// A field by its column's name; "" where the file has no such column.
std::string field(const Record& record, const Header& header, const std::string& name) {
  const auto at = header.find(name);
  return at == header.end() ? "" : record.fields[at->second];
}

/// Parses a place in the text; notes in the record where it is no number.
int64_t offset(Record& record, const Header& header, const std::string& name) {
  const std::string digits = field(record, header, name);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size())
    record.problem = fmt::format("{} is no whole number: '{}'", name, digits);
  return value;
}

void read_record(Record record, const Header& header, Rows& rows) {
  if (record.problem.empty() && record.fields.size() != header.size())
    record.problem = fmt::format("expected {} fields as in the header, got {}", header.size(),
                                 record.fields.size());
  if (!record.problem.empty()) return rows.bad(record.line, record.problem);
  Example example;
  example.line = record.line;
  example.id = field(record, header, "id");
  example.text = field(record, header, "text");
  example.head = {offset(record, header, "head_start"), offset(record, header, "head_end"),
                  field(record, header, "head_type")};
  example.tail = {offset(record, header, "tail_start"), offset(record, header, "tail_end"),
                  field(record, header, "tail_type")};
  if (!record.problem.empty()) return rows.bad(record.line, record.problem);
  const std::string label = field(record, header, "label");
  if (!label.empty()) example.label = label;
  rows.add(std::move(example));
}

void read(std::string_view bytes, Rows& rows) {
  Cutter cutter(bytes);
  Record record;
  if (!cutter.next(record)) return;
  if (!record.problem.empty()) rows.fatal("the header is malformed: " + record.problem + ".");
  const Header header = parse_header(record, rows);
  while (cutter.next(record)) read_record(record, header, rows);
}

bool sniff(std::string_view file_name, std::string_view first) {
  return file_name.ends_with(".csv") || first.starts_with("id,text,");
}

}  // namespace

const DatasetFormat& dataset_csv() {
  static const DatasetFormat format = {
      "csv", "comma-separated values with a header: id,text,head_start,…,label", nullptr, sniff,
      read};
  return format;
}

}  // namespace relatum::task
