// Tables as text whose first line names the columns: how one is cut, the same for data and answers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "task/delimited.h"

namespace relatum::task {

/// A cell of a header as the name of a column: "Head start " is head_start.
std::string column_name(std::string_view cell);

/// How a table is cut, and where its records begin.
struct TableShape {
  char separator = ',';
  std::string_view records;          ///< from the header on
  int64_t line = 1;                  ///< of the header
  std::vector<std::string> columns;  ///< names in the header's order; empty for an empty cell
  size_t known = 0;                  ///< columns that are among the known ones

  /// Place of a column; -1 where there is none.
  int64_t find(std::string_view name) const;
  /// The first of the `known` names that more than one column has; "" where none has.
  std::string repeated(std::span<const std::string> known) const;
  /// What is wrong with a record below the header, without a full stop; "" where nothing is.
  std::string problem(const DelimitedRecord& record) const;
  /// "'id', 'body'": columns for a sentence, the start of a long list; without empty cells and
  /// those of `but_for`.
  std::string quoted(std::span<const std::string> but_for = {}) const;
};

/// Excel's first line "sep=;" names the separator; else it is the comma, semicolon or tab that
/// finds most of the known columns. `bytes` must outlive what is given back.
TableShape find_table(std::string_view bytes, std::span<const std::string> known);

}  // namespace relatum::task
