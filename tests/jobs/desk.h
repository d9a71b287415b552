// A folder with the tiny corpus, a host that remembers what it is told, and options of small jobs.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "jobs/extract_options.h"
#include "jobs/finetune.h"
#include "jobs/host.h"
#include "support/corpus_folder.h"

namespace relatum::testing {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class Desk : public CorpusFolder {
 protected:
  void SetUp() override {
    CorpusFolder::SetUp();
    host_.context.stop = &stop_;
    host_.context.log = [this](LogLevel level, const std::string& line) {
      (level == LogLevel::kWarning ? warnings_ : lines_).push_back(line);
    };
    host_.output = [this](std::string_view text) { out_ += text; };
  }

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

  /// Trains until so many steps are done and is stopped there; `options` then go on with it.
  void train_until(int64_t step, jobs::FinetuneOptions& options) {
    host_.context.progress = [this, step](const Progress& p) {
      stop_ = p.task == "training" && p.done >= double(step);
    };
    EXPECT_FALSE(jobs::finetune(options, host_).finished);
    host_.context.progress = {};
    stop_ = false;
    options.overwrite = false;
    options.resume = true;
  }

  std::atomic<bool> stop_{false};
  jobs::Host host_;
  std::vector<std::string> lines_, warnings_;
  std::string out_;
};

}  // namespace relatum::testing
