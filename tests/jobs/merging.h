// Merging as a job: its folder, its host, and what it said.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "jobs/merge.h"
#include "support/error_of.h"
#include "support/temporary.h"

namespace relatum::testing {

class Merge : public ::testing::Test {
 protected:
  Merge() {
    host_.context.stop = &stop_;
    host_.context.log = [this](LogLevel, const std::string& line) { lines_.push_back(line); };
    host_.context.progress = [this](const Progress& progress) {
      last_ = progress;
      if (stop_at_ > 0 && progress.done >= stop_at_) stop_ = true;
    };
  }
  std::filesystem::path merged(const std::filesystem::path& model,
                               const std::filesystem::path& adapter, const std::string& format,
                               const std::string& out, const std::string& base = "auto") {
    jobs::MergeOptions options;
    options.use.model.model = model.string();
    options.use.model.base = base;
    options.use.adapter = adapter.string();
    options.format = format;
    options.out = folder_ / out;
    options.overwrite = overwrite_;
    report_ = jobs::merge(options, host_);
    return folder_ / out;
  }
  std::string refusal(const std::filesystem::path& model, const std::filesystem::path& adapter,
                      const std::string& format, const std::string& out) {
    return error_of([&] { merged(model, adapter, format, out); });
  }

  TemporaryFolder folder_;
  std::atomic<bool> stop_{false};
  bool overwrite_ = false;
  double stop_at_ = 0;
  Progress last_;
  jobs::Host host_;
  std::vector<std::string> lines_;
  std::optional<jobs::MergeReport> report_;
};

}  // namespace relatum::testing
