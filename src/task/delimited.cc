// Steps over separators, quotes and line ends.
#include "task/delimited.h"

#include <algorithm>

namespace relatum::task {

void DelimitedReader::step() {
  line_ += bytes_[0] == '\n';
  bytes_.remove_prefix(1);
}

bool DelimitedReader::next(DelimitedRecord& record) {
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

std::string DelimitedReader::plain(DelimitedRecord& record) {
  const size_t end = std::min(bytes_.find_first_of(ends_), bytes_.size());
  std::string field(bytes_.substr(0, end));
  if (separator_ != '\t' && field.find('"') != field.npos)  // tabs need no quotes
    record.problem = "a quote stands within a field that does not start with one";
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
      if (!bytes_.empty() && bytes_.find_first_of(ends_) != 0)
        record.problem = "something stands between a closing quote and the next separator";
      return field;
    }
  }
  record.problem = "a quoted field is never closed";
  return field;
}

}  // namespace relatum::task
