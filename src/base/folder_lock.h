// One process at a time in a folder.
#pragma once

#include <filesystem>

namespace relatum {

/// While one lives, nobody else can make one on the same folder, in this process or another. Leaves
/// nothing in the folder, and ends with its process, however that ends.
class FolderLock {
 public:
  /// The folder is there. Throws Error where somebody else holds it. Where the file system knows no
  /// locks, or the folder may not be read, it keeps nobody out.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  /// Whether nobody holds the folder, which is there; false where that cannot be told.
  static bool nobody_holds(const std::filesystem::path& folder);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace relatum
