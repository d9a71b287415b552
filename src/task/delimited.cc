// Steps over separators, quotes and line ends.
#include "task/delimited.h"

#include <fmt/format.h>

#include <algorithm>

#include "task/forms.h"

namespace relatum::task {

void DelimitedReader::step() {
  line_ += bytes_[0] == '\n';
  bytes_.remove_prefix(1);
}

bool DelimitedReader::next(DelimitedRecord& record) {
  const auto empty = [](const std::string& field) { return seen_form(field).empty(); };
  do {
    while (!bytes_.empty() && (bytes_[0] == '\n' || bytes_[0] == '\r')) step();
    if (bytes_.empty()) return false;
    take_record(record);
  } while (record.problem.empty() && std::ranges::all_of(record.fields, empty));
  return true;
}

void DelimitedReader::take_record(DelimitedRecord& record) {
  record = {};
  record.line = record_line_ = line_;
  record_bytes_ = bytes_;
  while (true) {
    record.fields.push_back(bytes_.starts_with('"') ? quoted(record) : plain(record));
    if (!record.problem.empty()) {
      record.fields.pop_back();
      end_with_first_line();
      record.last_line = record.line;
      return;
    }
    if (!bytes_.starts_with(separator_)) break;
    step();
  }
  record.last_line = line_;
  while (!bytes_.empty() && bytes_[0] != '\n') step();
}

std::optional<DelimitedRecord> DelimitedReader::second_line() const {
  const std::string_view whole = record_bytes_.substr(0, record_bytes_.size() - bytes_.size());
  const size_t end = whole.find('\n');
  if (end == whole.npos) return std::nullopt;
  DelimitedReader reader(whole.substr(end + 1), separator_, record_line_ + 1);
  DelimitedRecord record;
  if (!reader.next(record) || !record.problem.empty()) return std::nullopt;
  return record;
}

void DelimitedReader::end_with_first_line() {
  bytes_ = record_bytes_;
  bytes_.remove_prefix(std::min(bytes_.find('\n'), bytes_.size()));
  line_ = record_line_;
}

std::string DelimitedReader::plain(DelimitedRecord& record) {
  const size_t end = std::min(bytes_.find_first_of(ends_), bytes_.size());
  std::string field(bytes_.substr(0, end));
  if (separator_ != '\t' && field.find('"') != field.npos) {  // tabs need no quotes
    record.problem = "a quote stands within a field that does not start with one";
  }
  bytes_.remove_prefix(end);
  return field;
}

std::string DelimitedReader::quoted(DelimitedRecord& record) {
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
      if (!bytes_.empty() && bytes_.find_first_of(ends_) != 0) {
        record.problem = "something stands between a closing quote and the next separator";
        if (line_ > record.line) record.problem += fmt::format(" on line {}", line_);
      }
      return field;
    }
  }
  record.problem = "a quoted field is never closed";
  return field;
}

std::string quoted_field(std::string_view text) {
  std::string field = "\"";
  for (const char c : text) {
    if (c == '"') field += '"';
    field += c;
  }
  return field + '"';
}

}  // namespace relatum::task
