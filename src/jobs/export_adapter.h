// An adapter as a GGUF file for llama.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "jobs/extract_options.h"
#include "jobs/host.h"
#include "jobs/run_use.h"

namespace relatum::jobs {

struct ExportOptions {
  ExtractOptions use;  ///< base and adapter, as `extract` takes them
  std::string format = "f32";
  std::filesystem::path out;
  bool overwrite = false;
};

struct ExportReport {
  int64_t linears = 0;
  std::string architecture;  ///< as GGUF names it
  std::string base;          ///< form of the base that the run was trained on; empty: not known
  uint64_t bytes = 0;        ///< of the file
  std::string model;         ///< the base as it is named
  RunUse use{};              ///< what the file does not say, either
};

/// Formats that the pairs can be written in.
std::vector<std::string> export_formats();

/// Writes the file (train/gguf_lora.h). Throws Error for an adapter of another base (unless
/// use.force).
ExportReport export_adapter(const ExportOptions& options, const Host& host);

}  // namespace relatum::jobs
