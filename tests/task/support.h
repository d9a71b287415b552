// Small files and examples for the task room's tests.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/error_of.h"
#include "support/temporary.h"
#include "task/example.h"

namespace relatum::task::testing {

/// A folder of its own for the running test; removed with everything in it.
class Scratch {
 public:
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string file(const std::string& name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

 private:
  relatum::testing::TemporaryFolder folder_;
};

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

using relatum::testing::error_of;

/// A sentence in which `head` and `tail` stand (the first place of each).
inline Example example(const std::string& id, const std::string& text, const std::string& head,
                       const std::string& tail, std::optional<std::string> label = {}) {
  const auto span = [&](const std::string& entity) {
    const size_t at = text.find(entity);
    return Span{int64_t(at), int64_t(at + entity.size()), ""};  // ASCII in these tests
  };
  return {id, text, span(head), span(tail), std::move(label), 0};
}

/// Cells of a tests/cases/*.tsv file; lines that start with # and empty lines are left out.
inline std::vector<std::vector<std::string>> cases(const std::string& name) {
  std::ifstream file(std::filesystem::path(RELATUM_CASES) / name);
  EXPECT_TRUE(file.good()) << name;
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    rows.emplace_back();
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, '\t');) rows.back().push_back(cell);
  }
  EXPECT_FALSE(rows.empty()) << name;
  return rows;
}

/// Turns \n, \t, \r and \\ of a case file's cell into what they mean.
inline std::string unescape(const std::string& cell) {
  std::string text;
  for (size_t i = 0; i < cell.size(); ++i) {
    if (cell[i] != '\\' || i + 1 == cell.size()) {
      text += cell[i];
      continue;
    }
    const char next = cell[++i];
    text += next == 'n' ? '\n' : next == 't' ? '\t' : next == 'r' ? '\r' : next;
  }
  return text;
}

}  // namespace relatum::task::testing
