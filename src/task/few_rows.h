// few=N:LABELS of a SPEC: at most so many rows of some labels.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "task/document.h"
#include "task/spec.h"

namespace relatum::task {

/// To be asked of each row in its turn.
class FewRows {
 public:
  explicit FewRows(const Spec& spec) : spec_(spec) {}

  /// Whether the row is one of the first Spec::few of each of Spec::few_labels that it has. Throws
  /// Error for a document that lists its entities itself: of those, relations have the labels.
  bool take(const Example& example);
  bool take(const Document& document);
  /// Throws Error where none of the rows asked had one of the labels.
  void check() const;

 private:
  bool take(const std::vector<std::string>& labels);

  const Spec& spec_;
  std::map<std::string, int64_t> seen_;  // rows that were taken, by label
  std::set<std::string> met_;            // labels of all rows, taken or not
};

}  // namespace relatum::task
