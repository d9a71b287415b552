// Steps over separators, quotes and line ends.
#include "task/csv_records.h"

#include <algorithm>

namespace relatum::task {

void CsvRecords::step() {
  line_ += bytes_[0] == '\n';
  bytes_.remove_prefix(1);
}

bool CsvRecords::next(CsvRecord& record) {
  while (!bytes_.empty() && (bytes_[0] == '\n' || bytes_[0] == '\r')) step();
  if (bytes_.empty()) return false;
  record = {};
  record.line = line_;
  while (true) {
    record.fields.push_back(bytes_.starts_with('"') ? quoted(record) : plain(record));
    if (!bytes_.starts_with(separator_)) break;
    step();
  }
  while (!bytes_.empty() && bytes_[0] != '\n') step();
  return true;
}

std::string CsvRecords::plain(CsvRecord& record) {
  const size_t end = std::min(bytes_.find_first_of(ends_), bytes_.size());
  std::string field(bytes_.substr(0, end));
  // Tab-separated files rarely quote: there a quote inside a field is a quote.
  if (separator_ != '\t' && field.find('"') != field.npos)
    record.problem = "a quote stands within a field that does not start with one";
  bytes_.remove_prefix(end);
  return field;
}

std::string CsvRecords::quoted(CsvRecord& record) {
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
      if (!bytes_.empty() && bytes_.find_first_of(ends_) != 0)
        record.problem = "something stands between a closing quote and the next separator";
      return field;
    }
  }
  record.problem = "a quoted field is never closed";
  return field;
}

}  // namespace relatum::task
