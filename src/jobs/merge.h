// A base and an adapter as one model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "jobs/answer_comparison.h"
#include "jobs/extract_options.h"
#include "jobs/host.h"
#include "jobs/run_use.h"

namespace relatum::jobs {

struct MergeOptions {
  /// Base and adapter, and for a comparison (an `input` that is not empty) data, prompts and
  /// labels, all as `extract` takes them.
  ExtractOptions use;
  /// One of merge_formats(); empty: safetensors, or for a GGUF file each tensor's own of a GGUF
  /// base, and bf16 or f16 of a folder.
  std::string format;
  std::filesystem::path out;  ///< a GGUF file by its ending, else a folder
  bool overwrite = false;
};

/// "safetensors" and those that `quantize` writes.
std::vector<std::string> merge_formats();

struct MergeReport {
  int64_t adapted = 0;               ///< linears
  std::vector<std::string> modules;  ///< that are the adapter's as a whole
  bool parts_head = false;           ///< head and embedding, one in the base, are two in the result
  std::string base;                  ///< the form that the adapter was added to
  std::string format;                ///< that was asked for, or taken
  uint64_t bytes_before = 0, bytes = 0;  ///< of all tensors
  RunUse use;
  std::optional<AnswerComparison> comparison{};
};

/// Adds each pair of the adapter to its linear's weight, in the form of the base that the run was
/// trained with, in f32, and writes the whole: rounded once, to the format. The result appears
/// whole or not at all, and tensors pass through memory in pieces. Nothing where the host stopped
/// it; what is written is there where that was during the comparison's second part. Throws Error
/// for an adapter of another base (unless use.force), and for all that cannot be written.
std::optional<MergeReport> merge(const MergeOptions& options, const Host& host);

}  // namespace relatum::jobs
