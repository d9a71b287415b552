// Files that appear whole or not at all.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace relatum {

/// Writes beside the target under a temporary name; commit() flushes to disk, renames and flushes
/// the folder, so that the file outlives a power cut and later removals cannot overtake it.
/// Without commit() the destructor removes the temporary file; what a killed process left of the
/// same target goes when the target is next written. A target that is a link stays one: the file
/// behind it is replaced. A replaced file's permissions stay. Not thread-safe.
class AtomicFile {
 public:
  /// Creates parent folders, durably. Throws Error where the place cannot be written.
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
  void put(std::string_view text);
  std::filesystem::path target_, temporary_;
  std::string pending_;
  int fd_ = -1;
};

/// Writes `text` to `path` in one atomic step.
void write_file(const std::filesystem::path& path, std::string_view text);
/// Reads a whole file; throws Error with the path.
std::string read_file(const std::filesystem::path& path);

}  // namespace relatum
