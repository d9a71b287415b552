// Files that appear whole or not at all.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace relatum {

/// Writes beside the target under a temporary name; commit() flushes to disk and renames.
/// Without commit() the destructor removes the temporary file. Not thread-safe.
class AtomicFile {
 public:
  /// Creates parent folders. Throws Error where the place cannot be written.
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends; throws Error (a full disk, for one) and leaves the target untouched.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  /// Makes the target appear; throws Error where that fails.
  void commit();

 private:
  void flush();
  std::filesystem::path target_, temporary_;
  std::string pending_;
  int fd_ = -1;
};

/// Writes `text` to `path` in one atomic step.
void write_file(const std::filesystem::path& path, std::string_view text);
/// Reads a whole file; throws Error with the path.
std::string read_file(const std::filesystem::path& path);

}  // namespace relatum
