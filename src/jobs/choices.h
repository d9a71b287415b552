// Which model and which data a job works with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "engine/session.h"
#include "jobs/host.h"
#include "task/load.h"

namespace relatum::jobs {

/// Which model, where named models lie, and how it is kept and run.
struct ModelChoice {
  std::string model;   ///< a name, or a path
  std::string models;  ///< folder of named models; empty: the host's
  std::string compute = "auto", base = "auto";
  bool low_memory = false;  ///< decode weights for each use

  /// Where it lies. Throws Error that lists the known names.
  std::filesystem::path path(const Host& host) const;
  engine::SessionOptions session() const { return {compute, base, !low_memory}; }
};

/// Opens a model that writes text. Throws Error where it is none.
std::unique_ptr<engine::Session> open_language_model(const std::filesystem::path& path,
                                                     const engine::SessionOptions& options);

/// What is read, and how strictly.
struct DataChoice {
  std::string relabel;  ///< "", "tacrev:PATCH" or "retacred:PATCH"
  std::string labels;   ///< file of the inventory; empty: the data's own
  std::optional<int64_t> limit;
  bool skip_bad_rows = false;
  bool keep_unknown_labels = false;  ///< for jobs that need no known gold label

  /// Loads a SPEC ("-" is the host's input); tells warnings, skipped and dropped rows. `main`: the
  /// limit acts.
  task::Dataset load(const std::string& spec, bool main, const Host& host) const;
  /// As the loader takes it. Throws Error where the inventory cannot be read.
  task::LoadOptions options(bool main, const Host& host) const;
};

/// Tells what looks wrong in data that were read, and what a patch did to them.
void tell_data(const task::Dataset& data, bool relabelled, const Context& context);

}  // namespace relatum::jobs
