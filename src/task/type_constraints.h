// Which labels a pair of entity types allows: learnt from training rows, or given in a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "task/example.h"
#include "task/labels.h"

namespace relatum::task {

/// Labels by (head type, tail type). A pair of types that no row had allows all labels, and so does
/// a pair in which a type is missing: nothing is known of them.
class TypeConstraints {
 public:
  /// Counts a training row's labels for its types; rows without both types teach nothing.
  void learn(const Example& example);
  bool empty() const { return allowed_.empty(); }
  /// How many pairs of types are known.
  int64_t size() const { return int64_t(allowed_.size()); }
  /// All types that stand in them.
  std::set<std::string> types() const;

  /// Per label of the inventory whether the example may be answered with it; empty: with any. The
  /// negative label always may be. So may any where none of the inventory's labels is allowed.
  std::vector<bool> mask(const Example& example, const Labels& labels,
                         const std::optional<std::string>& negative) const;

  /// Throws Error where a label is not in the inventory, which would otherwise forbid the one that
  /// was meant. `file` begins the sentence.
  void check_labels(const Labels& labels, const std::string& file) const;

  /// types.json: {"pairs":[{"head":"PER","tail":"ORG","labels":["works_for"]}]}. Reading throws
  /// Error with the path; writing is atomic.
  static TypeConstraints load(const std::filesystem::path& path);
  void save(const std::filesystem::path& path) const;

 private:
  std::map<std::pair<std::string, std::string>, std::set<std::string>> allowed_;
};

/// Constraints of all rows.
TypeConstraints learn_types(std::span<const Example> examples);

}  // namespace relatum::task
