// Rows that mark one pair each, read as documents in which these entities are all there are.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "task/document.h"

namespace relatum::task {

/// Rows of one text become one document, with the id and the place of the first: each span is one
/// entity per type that rows give it, with the ids T1, T2 … in the order of the rows, and each row
/// adds its relation.
class MarkedDocuments {
 public:
  /// A row (Document::pair). Throws Error, with `file` and its line, for a document that lists its
  /// entities itself, and for a row without a label where another of its text has one.
  void add(Document&& row, const std::string& file);
  /// In the order of their first rows; leaves none.
  std::vector<Document> take();

 private:
  std::vector<Document> documents_;
  std::map<std::string, size_t> by_text_;
};

}  // namespace relatum::task
