// A folder with a tiny corpus, prompt templates and models: what the program's tests work on.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/corpus_folder.h"
#include "support/program.h"

namespace relatum::testing {

using ::testing::HasSubstr;
using ::testing::Not;

inline Arguments operator+(Arguments left, const Arguments& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

class Workbench : public CorpusFolder {
 protected:
  void SetUp() override {
    CorpusFolder::SetUp();
    write("example.txt", "{{example_text}} {{example_label}}\n{{text}}\n{{head}} and {{tail}}:");
  }

  /// The corpus so many times, with ids and texts of their own.
  static std::vector<json> repeated_corpus(int times) {
    std::vector<json> rows;
    for (int i = 0; i < times; ++i) {
      for (json each : corpus()) {
        each["id"] = each["id"].get<std::string>() + "." + std::to_string(i);
        each["text"] = each["text"].get<std::string>() + " (" + std::to_string(i) + ")";
        rows.push_back(each);
      }
    }
    return rows;
  }

  /// A copy of a fixture folder in which files can be changed.
  std::string copy(const std::string& from, const std::string& name) const {
    fs::create_directories(folder_ / name);
    for (const auto& entry : fs::recursive_directory_iterator(from)) {
      if (entry.is_directory()) continue;
      const fs::path target = folder_ / name / fs::relative(entry.path(), from);
      write(fs::relative(target, folder_.path()).string(), contents(entry.path()));
    }
    return path(name);
  }
  /// Every path below the folder, to see what a command left.
  std::set<std::string> listing() const {
    std::set<std::string> paths;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      paths.insert(fs::relative(entry.path(), folder_.path()).string());
    }
    return paths;
  }

  // Commands, each with one thread; flags come behind.
  Arguments index(const std::string& out, const Arguments& more = {}) const {
    return Arguments{"index", "--embedder", kEmbedder,   "--data", path("rows.jsonl"),
                     "--out", path(out),    "--threads", "1"} +
           more;
  }
  Arguments with_index() const { return {"--index", path("index"), "--embedder", kEmbedder}; }
  Arguments prepare(const std::string& out, const Arguments& more = {}) const {
    return Arguments{"prepare",   "--data", path("rows.jsonl"), "--out", path(out),
                     "--threads", "1"} +
           more;
  }
  Arguments finetune(const std::string& out, const Arguments& more = {}) const {
    return Arguments{"finetune", "--model",         kModel,  "--train",   path("rows.jsonl"),
                     "--prompt", path("plain.txt"), "--out", path(out),   "--epochs",
                     "1",        "--compute",       "f32",   "--threads", "1"} +
           more;
  }
  Arguments extract(const std::string& out, const Arguments& more = {},
                    const std::string& model = kModel) const {
    return Arguments{"extract", "--model", model,       "--data", path("rows.jsonl"),
                     "--out",   path(out), "--compute", "f32",    "--threads",
                     "1"} +
           more;
  }
  Arguments plain() const { return {"--prompt", path("plain.txt")}; }

  /// Runs what has to succeed.
  Outcome done(const Arguments& arguments, const Surroundings& surroundings = {}) const {
    const Outcome outcome = run_program(arguments, surroundings);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return outcome;
  }
  /// Runs what has to be refused: status 1, one sentence that has all `parts`, nothing written.
  void refused(const Arguments& arguments, const std::vector<std::string>& parts,
               const Surroundings& surroundings = {}) const {
    const auto before = listing();
    const Outcome outcome = run_program(arguments, surroundings);
    SCOPED_TRACE(outcome.err);
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(sentences(outcome.err), 1);
    for (const std::string& part : parts) EXPECT_THAT(outcome.err, HasSubstr(part));
    EXPECT_EQ(listing(), before);
  }
  /// Lines that begin as errors do; each has to end as a sentence does.
  static int sentences(const std::string& err) {
    int count = 0;
    std::istringstream lines(err);
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("relatum: ")) continue;
      ++count;
      EXPECT_TRUE(line.ends_with('.') || line.ends_with('?')) << line;
    }
    return count;
  }
};

}  // namespace relatum::testing
