// Bytes in memory under a path, for readers that want one.
#pragma once

#include <filesystem>
#include <string_view>

namespace relatum {

/// An unnamed file, gone with its owner; other processes cannot open it.
class MemoryFile {
 public:
  /// Throws Error where the system has no room for it.
  explicit MemoryFile(std::string_view bytes);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::filesystem::path path() const;

 private:
  int fd_ = -1;
};

}  // namespace relatum
