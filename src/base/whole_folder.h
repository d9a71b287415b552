// A folder of files that appears whole or not at all.
#pragma once

#include <filesystem>
#include <memory>

#include "base/folder_lock.h"

namespace relatum {

/// Files are written beside the target, in path(), and take its place at commit() together with
/// all that was there: whoever may not lose that looks before. Without commit() all of it goes, and
/// what a killed process left of the same target goes when the target is next written. A target
/// that is a link stays one: the folder behind it is replaced.
class WholeFolder {
 public:
  /// Throws Error where the target is a file, or the place cannot be written.
  explicit WholeFolder(const std::filesystem::path& target);
  ~WholeFolder();
  WholeFolder(const WholeFolder&) = delete;
  WholeFolder& operator=(const WholeFolder&) = delete;

  const std::filesystem::path& path() const { return fresh_; }
  /// Throws Error where the target cannot be replaced.
  void commit();

 private:
  void replace() const;

  std::filesystem::path target_, fresh_;
  std::unique_ptr<FolderLock> held_;
};

}  // namespace relatum
