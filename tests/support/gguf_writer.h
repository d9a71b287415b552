// Writes GGUF v3 files for tests: metadata and tensors are collected, then written atomically.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/gguf.h"

namespace relatum::testing {

/// Collects keys and tensors in order. Not thread-safe.
class GgufWriter {
 public:
  /// Metadata; setting a key again replaces its value.
  void set_string(const std::string& key, std::string_view value);
  void set_u32(const std::string& key, uint32_t value);
  void set_i32(const std::string& key, int32_t value);
  void set_u64(const std::string& key, uint64_t value);
  void set_f32(const std::string& key, float value);
  void set_bool(const std::string& key, bool value);
  void set_strings(const std::string& key, std::span<const std::string> values);
  void set_ints(const std::string& key, std::span<const int32_t> values);
  void set_floats(const std::string& key, std::span<const float> values);
  /// Copies a value of another file.
  void set(const std::string& key, const io::GgufValue& value);

  /// `shape` in ggml's order (row length first); the bytes must live until write() and have the
  /// size that type and shape ask for. Throws Error otherwise.
  void add_tensor(const std::string& name, int ggml_type, std::vector<int64_t> shape,
                  std::span<const std::byte> bytes);

  /// Writes the file; tensors start at multiples of "general.alignment" (default 32).
  void write(const std::filesystem::path& path) const;

 private:
  struct Entry {
    std::string key;
    io::GgufType type;
    bool is_array;
    uint64_t count;
    std::string raw;
  };
  struct Tensor {
    std::string name;
    int type;
    std::vector<int64_t> shape;
    std::span<const std::byte> bytes;
  };
  Entry& entry(const std::string& key);
  uint64_t alignment() const;
  std::string header() const;

  std::vector<Entry> entries_;
  std::vector<Tensor> tensors_;
};

}  // namespace relatum::testing
