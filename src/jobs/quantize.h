// A model as a GGUF file in another number format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "jobs/host.h"
#include "jobs/perplexity.h"

namespace relatum::jobs {

struct QuantizeOptions {
  std::filesystem::path model;  ///< a GGUF file or a folder
  std::string format;           ///< one of quantize_formats()
  std::filesystem::path out;
  bool overwrite = false;
  std::filesystem::path compare{};  ///< plain text for a TextComparison; empty: none
};

/// Tensors of one part of the layers, or a single one.
struct QuantizedKind {
  std::string name;                  ///< e.g. "attn_q"
  std::vector<std::string> formats;  ///< in the order in which they came
  int64_t tensors = 0;
  uint64_t bytes_before = 0, bytes = 0;
  /// Sums of squares, of the differences and of the values, over the tensors that were encoded
  /// anew; one that had the format already keeps its bytes and is counted in neither.
  double lost = 0, all = 0;
  /// Root mean square of those differences, relative to that of those values; 0 where there are
  /// none.
  double error() const;
};

struct QuantizeReport {
  std::vector<QuantizedKind> kinds;
  uint64_t bytes_before = 0, bytes = 0;  ///< of all tensors
  std::optional<TextComparison> comparison{};
};

/// Writes the file, which appears whole or not at all; tensors pass through memory in pieces. What
/// is not as it was asked for is told by host.context. Nothing where the host stopped it; the file
/// is there where that was while the text was read with it. Throws Error for a model that cannot be
/// written as GGUF, and for values that the format cannot hold.
std::optional<QuantizeReport> quantize(const QuantizeOptions& options, const Host& host);

}  // namespace relatum::jobs
