// A model as a GGUF file in another number format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "jobs/host.h"

namespace relatum::jobs {

struct QuantizeOptions {
  std::filesystem::path model;  ///< a GGUF file or a folder
  std::string format;           ///< one of quantize_formats()
  std::filesystem::path out;
  bool overwrite = false;
};

/// Tensors of one part of the layers, or a single one.
struct QuantizedKind {
  std::string name;                  ///< e.g. "attn_q"
  std::vector<std::string> formats;  ///< in the order in which they came
  int64_t tensors = 0;
  uint64_t bytes_before = 0, bytes = 0;
  double lost = 0, all = 0;  ///< sums of squares: of the differences, and of the values
  /// Root mean square of the differences, relative to that of the values.
  double error() const;
};

struct QuantizeReport {
  std::vector<QuantizedKind> kinds;
  uint64_t bytes_before = 0, bytes = 0;  ///< of all tensors
};

/// Writes the file, which appears whole or not at all; tensors pass through memory in pieces. What
/// is not as it was asked for is told by host.context. Nothing where the host stopped it. Throws
/// Error for a model that cannot be written as GGUF, and for values that the format cannot hold.
std::optional<QuantizeReport> quantize(const QuantizeOptions& options, const Host& host);

}  // namespace relatum::jobs
