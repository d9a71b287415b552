// Reads and writes safetensors files, single or split into shards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace relatum::io {

/// One tensor of a mapped file. `owner` keeps the bytes alive.
struct SafetensorsTensor {
  std::string name;
  std::string dtype;           ///< safetensors' name, e.g. "F32", "BF16", "I64"
  std::vector<int64_t> shape;  ///< slowest dimension first; empty for a scalar
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
  std::string place;  ///< "tensor 'x' of file", for messages
};

/// The tensors of one file or of all shards of a folder, in file order.
class Safetensors {
 public:
  /// Maps and checks one file: header length, JSON, offsets in range and without holes or
  /// overlap, sizes equal to product(shape) x dtype, no duplicate. Throws Error naming file and
  /// tensor.
  static Safetensors open(const std::filesystem::path& path);
  /// model.safetensors, or where there is none the shards that model.safetensors.index.json lists
  /// (transformers' order of preference). Whatever else lies in the folder is not looked at.
  static Safetensors open_folder(const std::filesystem::path& folder);

  const std::vector<SafetensorsTensor>& tensors() const { return tensors_; }
  /// nullptr where the name is absent.
  const SafetensorsTensor* find(std::string_view name) const;
  /// Throws Error naming the tensor and the file where it is absent.
  const SafetensorsTensor& tensor(std::string_view name) const;
  /// The "__metadata__" entries of the file (of the first shard).
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::filesystem::path& path() const { return path_; }
  /// The files that the tensors are read from, sorted.
  const std::vector<std::filesystem::path>& files() const { return files_; }

 private:
  void append(const std::filesystem::path& file);
  std::filesystem::path path_;
  std::vector<std::filesystem::path> files_;
  std::vector<SafetensorsTensor> tensors_;
  std::unordered_map<std::string, size_t> index_;
  std::map<std::string, std::string> metadata_;
};

/// A tensor that a file is to hold.
struct SafetensorsEntry {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
  /// product(shape) x dtype.
  uint64_t bytes() const;
};

/// What write_safetensors writes: bytes.size() must be product(shape) x dtype.
struct SafetensorsOutput {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;
};

/// Bytes of one value of a safetensors dtype; 0 where the name is unknown.
size_t safetensors_dtype_size(std::string_view dtype);

/// The order of the reference library: widest dtypes first, so that every tensor stays aligned,
/// then by name.
void sort_for_safetensors(std::vector<SafetensorsEntry>& tensors);
/// All that stands before the first tensor's bytes: length and header, padded with spaces to a
/// multiple of 8. The tensors follow in their order, one behind the other.
std::string safetensors_head(std::span<const SafetensorsEntry> tensors,
                             const std::map<std::string, std::string>& metadata = {});

/// Writes a file atomically, laid out as the reference library does.
void write_safetensors(const std::filesystem::path& path, std::vector<SafetensorsOutput> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace relatum::io
