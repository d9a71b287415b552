// What stands in front of the tensors' bytes in a GGUF file (v3), for those who write one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/gguf.h"

namespace relatum::io {

/// Metadata in the order in which it was set; setting a key again replaces its value.
class GgufKeys {
 public:
  void set_string(const std::string& key, std::string_view value);
  void set_u32(const std::string& key, uint32_t value);
  void set_i32(const std::string& key, int32_t value);
  void set_u64(const std::string& key, uint64_t value);
  void set_f32(const std::string& key, float value);
  void set_bool(const std::string& key, bool value);
  void set_strings(const std::string& key, std::span<const std::string> values);
  void set_ints(const std::string& key, std::span<const int32_t> values);
  void set_floats(const std::string& key, std::span<const float> values);
  void set_bytes(const std::string& key, std::string_view bytes);
  /// Copies a value of another file.
  void set(const std::string& key, const GgufValue& value);

  /// What the tensors' places are multiples of: "general.alignment", else 32.
  uint64_t alignment() const;
  size_t size() const { return entries_.size(); }
  /// As in the file.
  std::string bytes() const;

 private:
  struct Entry {
    std::string key;
    GgufType type;
    bool is_array;
    uint64_t count;
    std::string raw;
  };
  Entry& entry(const std::string& key);

  std::vector<Entry> entries_;
};

/// A tensor that a file is to hold.
struct GgufTensorEntry {
  std::string name;
  int type = 0;                ///< ggml's type number
  std::vector<int64_t> shape;  ///< ggml's order: shape[0] is the row length
  /// Bytes that it takes. Throws Error naming it where the rows do not fit the type.
  uint64_t bytes() const;
};

/// All that stands before the first tensor's bytes, filled up to the alignment. The tensors follow
/// in their order, each filled up by gguf_padding().
std::string gguf_head(const GgufKeys& keys, std::span<const GgufTensorEntry> tensors);
/// Zeros behind `bytes` bytes.
std::string gguf_padding(uint64_t bytes, uint64_t alignment);

}  // namespace relatum::io
