// What a test shows of an architecture: the cells of the table in docs/models.md.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace relatum::testing {

/// Notes in the test's report that its passing fills these cells of a row of the table;
/// tools/models_table.py knows the rows and columns and refuses others. To be called before what
/// may skip the test. No row, no cells.
inline void shows(const std::string& row, std::initializer_list<const char*> columns) {
  if (row.empty()) return;
  for (const std::string column : columns) {
    ::testing::Test::RecordProperty("shows: " + row + ": " + column, "");
  }
}

/// The same for the table of docs/adapters.md, by PEFT's options.
inline void shows_adapter(const std::string& row, std::initializer_list<const char*> columns) {
  for (const std::string column : columns) {
    ::testing::Test::RecordProperty("adapters: " + row + ": " + column, "");
  }
}

}  // namespace relatum::testing
