// A file that grows over a long time under a name of its own, and can be gone on with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace relatum {

/// Grows as TARGET.part; commit() gives it its name. What is saved outlives a power cut. Unlike an
/// AtomicFile's, it stays where its process ends before that. Not thread-safe.
class PartFile {
 public:
  /// Begins anew, or goes on behind the first `kept` bytes of the part that is there. Creates
  /// parent folders. Throws Error where another process holds the part, it is shorter than `kept`,
  /// or the place cannot be written.
  explicit PartFile(const std::filesystem::path& target, std::optional<uint64_t> kept = {});
  /// Leaves the part behind, or removes one that is empty.
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  /// Appends; throws Error (a full disk, for one).
  void write(std::string_view text);
  /// Makes durable what was written; gives its bytes.
  uint64_t save();
  /// The same, and the part takes the target's name and place.
  void commit();

  /// Removes the part.
  void discard();

  /// Where the part of a target grows.
  static std::filesystem::path path_for(const std::filesystem::path& target);

 private:
  void flush();
  std::filesystem::path target_, part_;
  std::string pending_;
  uint64_t bytes_ = 0;
  int fd_ = -1;
};

}  // namespace relatum
