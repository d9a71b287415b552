// A frozen tensor as it lies in a file: its number format is named, its bytes are shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace relatum {

/// rows x cols values (a vector has rows 1) in the format that quant::format(name) decodes.
/// A linear's weight is N x K: one row per output.
struct Weight {
  std::string name;    ///< the tensor's name, for messages
  std::string format;  ///< e.g. "f32", "bf16", "q4_1", "nf4"
  int64_t rows = 0, cols = 0;
  std::span<const std::byte> data;    ///< bytes, held alive by `owner`
  std::shared_ptr<const void> owner;  ///< a MappedFile or a Buffer
  bool mapped = false;                ///< it is a MappedFile, whose pages may be dropped

  int64_t size() const { return rows * cols; }
};

}  // namespace relatum
