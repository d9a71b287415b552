// A folder of a few files that appears whole or not at all.
#pragma once

#include <filesystem>
#include <memory>

#include "base/folder_lock.h"

namespace relatum::graph {

/// Files are written beside the target, in path(), and take its place at commit(). A target that is
/// there must hold no file but those that the new folder has. Without commit() all of it goes.
class WholeFolder {
 public:
  /// Throws Error where the target is no folder, or the place cannot be written.
  explicit WholeFolder(const std::filesystem::path& target);
  ~WholeFolder();
  WholeFolder(const WholeFolder&) = delete;
  WholeFolder& operator=(const WholeFolder&) = delete;

  const std::filesystem::path& path() const { return fresh_; }
  /// Throws Error where the target holds other files, or cannot be replaced.
  void commit();

 private:
  std::filesystem::path target_, fresh_;
  std::unique_ptr<FolderLock> held_;
};

}  // namespace relatum::graph
