// Reads GGUF files (v2 and v3, little-endian) through a memory mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mapped_file.h"

namespace relatum::io {

/// Value types of GGUF's metadata, numbered as in the file.
enum class GgufType : uint32_t {
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kF32,
  kBool,
  kString,
  kArray,
  kU64,
  kI64,
  kF64
};

/// One metadata value: a view of checked bytes in the mapping (or, in a writer, in its memory).
struct GgufValue {
  GgufType type = GgufType::kU8;  ///< of the scalar or, for an array, of its elements
  bool is_array = false;
  uint64_t count = 1;              ///< elements of an array
  std::span<const std::byte> raw;  ///< as in the file, unaligned
};

struct GgufEntry {
  std::string_view key;
  GgufValue value;
};

/// One tensor of the file. `owner` keeps the bytes alive.
struct GgufTensor {
  std::string name;
  int type = 0;                ///< ggml's type number
  std::vector<int64_t> shape;  ///< ggml's order: shape[0] is the row length
  uint64_t offset = 0;         ///< from the file's start
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
  std::string place;  ///< "tensor 'x' of file", for messages
};

/// A checked GGUF file, or several that are one model's (gguf_parts.h): the metadata are the first
/// one's, the tensors all. Views it hands out live as long as it; a tensor's as long as its owner.
class GgufFile {
 public:
  /// Maps and checks the whole table of contents. Of a model in several files the first is named,
  /// and the others are opened from beside it. Throws Error naming file, key or tensor; where a
  /// part is missing, or does not belong to the others, with its number.
  static GgufFile open(const std::filesystem::path& path);
  /// True where the file begins with GGUF's magic bytes; false for any other or unreadable file.
  static bool recognise(const std::filesystem::path& path);

  uint32_t version() const { return version_; }
  uint64_t alignment() const { return alignment_; }
  const std::filesystem::path& path() const { return file_->path(); }
  /// All files of the model, the first in front.
  const std::vector<std::filesystem::path>& files() const { return files_; }
  std::shared_ptr<const void> owner() const { return file_; }

  /// Metadata in file order.
  const std::vector<GgufEntry>& metadata() const { return entries_; }
  /// nullptr where the key is absent.
  const GgufValue* find(std::string_view key) const;

  /// The value of `key`; absent: `fallback`, or Error naming key and file where there is none.
  /// A value of another type is always an error. Any integer type serves as int, integers and
  /// floats as double.
  std::string get_string(std::string_view key,
                         std::optional<std::string> fallback = std::nullopt) const;
  int64_t get_int(std::string_view key, std::optional<int64_t> fallback = std::nullopt) const;
  double get_double(std::string_view key, std::optional<double> fallback = std::nullopt) const;
  bool get_bool(std::string_view key, std::optional<bool> fallback = std::nullopt) const;
  /// Arrays; an absent key is an error, ask find() first where it is optional. The strings are
  /// views into the mapping.
  std::vector<std::string_view> get_strings(std::string_view key) const;
  std::vector<int64_t> get_ints(std::string_view key) const;
  std::vector<double> get_doubles(std::string_view key) const;

  const std::vector<GgufTensor>& tensors() const { return tensors_; }
  /// nullptr where the name is absent.
  const GgufTensor* find_tensor(std::string_view name) const;
  /// Throws Error naming tensor and file where it is absent.
  const GgufTensor& tensor(std::string_view name) const;

 private:
  friend class GgufParser;
  static GgufFile open_one(const std::filesystem::path& path);
  int64_t read_part_count() const;
  void join_parts();
  void add_part(const GgufFile& part, int64_t count);
  const GgufValue& array(std::string_view key, const char* wanted) const;
  std::shared_ptr<const MappedFile> file_;
  std::vector<std::filesystem::path> files_;
  uint32_t version_ = 0;
  uint64_t alignment_ = 32;
  std::vector<GgufEntry> entries_;
  std::unordered_map<std::string_view, size_t> keys_;
  std::vector<GgufTensor> tensors_;
  std::unordered_map<std::string, size_t> names_;
};

}  // namespace relatum::io
