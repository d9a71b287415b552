// A folder with the tiny corpus, a host that remembers what it is told, and options of small jobs.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "jobs/extract_options.h"
#include "jobs/finetune_options.h"
#include "jobs/host.h"
#include "support/corpus.h"
#include "support/temporary.h"

namespace relatum::testing {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class Desk : public ::testing::Test {
 protected:
  void SetUp() override {
    write_rows("rows.jsonl", corpus());
    write("plain.txt", "{{text}}\n{{head}} and {{tail}}:");
    host_.context.stop = &stop_;
    host_.context.log = [this](LogLevel level, const std::string& line) {
      (level == LogLevel::kWarning ? warnings_ : lines_).push_back(line);
    };
    host_.output = [this](std::string_view text) { out_ += text; };
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return path(name);
  }
  std::string write_rows(const std::string& name, const std::vector<json>& rows) const {
    std::string text;
    for (const json& each : rows) text += each.dump() + "\n";
    return write(name, text);
  }
  bool there(const std::string& name) const { return fs::exists(folder_ / name); }
  std::string read(const std::string& name) const { return read_file(folder_ / name); }

  /// The corpus again and again, with ids of their own.
  static std::vector<json> many(int64_t count) {
    std::vector<json> rows;
    const std::vector<json> ten = corpus();
    for (int64_t i = 0; i < count; ++i) {
      rows.push_back(ten[size_t(i) % ten.size()]);
      rows.back()["id"] = "r" + std::to_string(i);
      rows.back()["text"] = rows.back()["text"].get<std::string>() + " (" + std::to_string(i) + ")";
    }
    return rows;
  }

  jobs::FinetuneOptions teach() const {
    jobs::FinetuneOptions options;
    options.model.model = kModel;
    options.model.compute = "f32";
    options.train = path("rows.jsonl");
    options.prompt = path("plain.txt");
    options.out = path("run");
    options.training.epochs = 1;
    return options;
  }
  jobs::ExtractOptions ask(const std::string& out = "-") const {
    jobs::ExtractOptions options;
    options.model.model = kModel;
    options.model.compute = "f32";
    options.input = path("rows.jsonl");
    options.prompt = path("plain.txt");
    options.out = out == "-" ? out : path(out);
    return options;
  }

  TemporaryFolder folder_;
  std::atomic<bool> stop_{false};
  jobs::Host host_;
  std::vector<std::string> lines_, warnings_;
  std::string out_;
};

}  // namespace relatum::testing
