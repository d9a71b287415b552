// Writes GGUF v3 files for tests: metadata and tensors are collected, then written atomically.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "io/gguf_keys.h"

namespace relatum::testing {

/// Collects keys and tensors in order. Not thread-safe.
class GgufWriter : public io::GgufKeys {
 public:
  /// `shape` in ggml's order (row length first); the bytes must live until write() and have the
  /// size that type and shape ask for. Throws Error otherwise.
  void add_tensor(const std::string& name, int ggml_type, std::vector<int64_t> shape,
                  std::span<const std::byte> bytes);

  /// Writes the file; tensors start at multiples of "general.alignment" (default 32).
  void write(const std::filesystem::path& path) const;

 private:
  std::vector<io::GgufTensorEntry> tensors_;
  std::vector<std::span<const std::byte>> bytes_;
};

}  // namespace relatum::testing
