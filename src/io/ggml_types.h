// The number types that GGUF tensors can have: name, block length, bytes per block.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace relatum::io {

/// One of ggml's types; a row's length is a multiple of `block`.
struct GgmlType {
  int number;
  std::string_view name;  ///< as llama.cpp prints it, e.g. "Q5_K"
  int64_t block;          ///< values per block
  int64_t bytes;          ///< bytes per block
};

/// nullptr where the number is unknown (or was retired by ggml).
const GgmlType* find_ggml_type(int number);
/// Bytes that `values` values take; nullopt where they are no whole number of blocks or the
/// product overflows.
std::optional<uint64_t> ggml_bytes(const GgmlType& type, uint64_t values);

}  // namespace relatum::io
