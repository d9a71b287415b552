// What makes a run the same run: named values and one hash per row.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace relatum::train {

/// A setting as a user knows it ("--lr") and its value in words.
struct NamedValue {
  std::string name, value;
  bool where_both = false;  ///< says nothing where only one side has the name: a version's choice
  bool operator==(const NamedValue&) const = default;
};

struct Identity {
  std::vector<NamedValue> given;    ///< base, prompt, labels, …: what rows are made with
  std::vector<uint64_t> rows;       ///< of each row's tokens and where its answer begins
  std::vector<NamedValue> options;  ///< of training itself
};

/// Empty where both are one run's; otherwise what differs, in words that end a sentence: the first
/// named values (what rows are made with before anything else), or which row. `row_names` are those
/// of `now`'s rows; may be empty.
std::string difference(const Identity& now, const Identity& then,
                       std::span<const std::string> row_names);

/// JSON text of the named values, and back. Throws Error with `place` for anything else.
std::string to_text(const std::vector<NamedValue>& values);
std::vector<NamedValue> named_values(const std::string& text, const std::string& place);

}  // namespace relatum::train
