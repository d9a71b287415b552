// Folders in memory, so that readers which want a path run at full speed.
#pragma once

#include <array>
#include <filesystem>
#include <string>

#include "target.h"

namespace relatum::fuzz {

/// A folder of this process alone, below TMPDIR, else in /dev/shm where there is one; removed when
/// its owner ends. A target keeps one for all its runs: a process that ends by a finding leaves it.
class MemoryFolder {
 public:
  MemoryFolder();
  ~MemoryFolder();
  MemoryFolder(const MemoryFolder&) = delete;
  MemoryFolder& operator=(const MemoryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

  /// A new file in the place of the old one, which may still be mapped.
  std::filesystem::path write(const std::string& name, Bytes bytes) const;
  void remove(const std::string& name) const;

 private:
  std::filesystem::path path_;
};

/// Bytes that stand for several texts, with a zero byte behind all but the last: none of the texts
/// that are read so may hold one. Missing ones are empty.
template <size_t Count>
std::array<Bytes, Count> parts_of(Bytes bytes) {
  std::array<Bytes, Count> parts{};
  for (size_t i = 0; i < Count; ++i) {
    const size_t end = i + 1 < Count ? text_of(bytes).find('\0') : std::string_view::npos;
    parts[i] = bytes.first(end < bytes.size() ? end : bytes.size());
    if (end >= bytes.size()) break;
    bytes = bytes.subspan(end + 1);
  }
  return parts;
}

}  // namespace relatum::fuzz
