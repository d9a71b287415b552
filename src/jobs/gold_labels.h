// Gold labels that cannot be answered: an answer needs none, so they are no reason to stop.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/context.h"
#include "task/example.h"
#include "task/labels.h"

namespace relatum::jobs {

/// Counts the labels of rows as they pass, for one warning.
class GoldLabels {
 public:
  void count(const task::Example& example);
  /// Warns of those that `known` lacks; `who` names it in the sentence, e.g. "the adapter".
  void tell(const task::Labels& known, const std::string& who, const Context& context) const;

 private:
  struct Seen {
    int64_t rows = 0, first_row = 0;
  };
  std::map<std::string, Seen> seen_;
  int64_t rows_ = 0;
};

/// Takes a label away that `known` lacks.
void strip_unknown(task::Example& example, const task::Labels& known);

}  // namespace relatum::jobs
