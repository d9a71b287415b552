// A folder with the tiny corpus and a prompt template: what programs' and jobs' tests work on.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "support/corpus.h"
#include "support/temporary.h"

namespace relatum::testing {

namespace fs = std::filesystem;

class CorpusFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    write_rows("rows.jsonl", corpus());
    write("plain.txt", "{{text}}\n{{head}} and {{tail}}:");
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return path(name);
  }
  std::string write_rows(const std::string& name, const std::vector<json>& rows) const {
    std::string text;
    for (const json& each : rows) text += each.dump() + "\n";
    return write(name, text);
  }
  std::string read(const std::string& name) const { return read_file(folder_ / name); }
  std::vector<json> read_rows(const std::string& name) const { return json_lines(read(name)); }
  bool there(const std::string& name) const { return fs::exists(folder_ / name); }

  TemporaryFolder folder_;
};

}  // namespace relatum::testing
