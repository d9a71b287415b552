// A file without a name for what memory should not hold; gone with its process.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace relatum {

/// Bytes at places of one's own choice. Nobody else sees the file, and nothing of it stays,
/// whatever ends the process. Not thread-safe.
class ScratchFile {
 public:
  /// In a folder that is there: where the result will lie has space for what leads to it. Throws
  /// Error where no file can be made there.
  explicit ScratchFile(const std::filesystem::path& folder);
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  /// Throws Error (a full disk, for one).
  void write(uint64_t place, std::string_view bytes);
  /// `size` bytes that were written. Throws Error where the file cannot be read.
  std::string read(uint64_t place, size_t size) const;

 private:
  std::filesystem::path folder_;
  int fd_ = -1;
};

}  // namespace relatum
