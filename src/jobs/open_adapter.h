// An adapter with its base, for jobs that write what they read and run neither.
#pragma once

#include <filesystem>
#include <memory>

#include "jobs/extract_setup.h"
#include "train/adapter.h"

namespace relatum::jobs {

struct OpenedAdapter {
  std::unique_ptr<engine::Session> session;  ///< weights as the files hold them, kept nowhere else
  std::unique_ptr<train::Adapter> adapter;   ///< in f32
};

/// The run's record, which base it names, or the options, and its calibration. Throws Error for a
/// run without an adapter.
ExtractSetup settle_adapter(const ExtractOptions& options, const Host& host);

/// Opens both, and holds the base against the run's record. In what form the run had the base's
/// weights is left to the caller. `path`: where the base lies.
OpenedAdapter open_adapter(const ExtractOptions& options, const ExtractSetup& setup,
                           const std::filesystem::path& path, const Host& host);

/// Throws Error where a run trained all weights: it has a model of its own and no adapter.
void check_has_adapter(const ExtractOptions& options, const ExtractSetup& setup);

}  // namespace relatum::jobs
