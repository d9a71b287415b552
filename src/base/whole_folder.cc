// A temporary folder that changes places with the target.
#include "base/whole_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>

#include <cerrno>
#include <cstring>

#include "base/durable.h"
#include "base/error.h"

namespace relatum {
namespace {

namespace fs = std::filesystem;

/// Without links and without a slash at the end, so that renaming acts on the folder itself.
fs::path real_path(const fs::path& folder) {
  std::error_code error;
  const fs::path path = fs::weakly_canonical(fs::absolute(folder), error);
  if (error) fail_write(folder, error.value());
  return path.has_filename() ? path : path.parent_path();
}

void remove_folder(const fs::path& folder) {
  std::error_code ignored;
  fs::remove_all(folder, ignored);
}

}  // namespace

WholeFolder::WholeFolder(const fs::path& target)
    : target_(real_path(target)), fresh_(temporary_of(target_)) {
  std::error_code error;
  const fs::file_status status = fs::status(target_, error);
  if (fs::exists(status) && !fs::is_directory(status)) {
    fail("base.folder", fmt::format("{} is a file, and what is written is a folder. Name another "
                                    "place.",
                                    target.string()));
  }
  for (const fs::path& left : temporaries_of(target_)) {
    if (FolderLock::nobody_holds(left)) remove_folder(left);
  }
  remove_folder(fresh_);
  create_folders(fresh_);
  held_ = std::make_unique<FolderLock>(fresh_);
}

WholeFolder::~WholeFolder() { remove_folder(fresh_); }

/// What was there has the other name then.
void WholeFolder::replace() const {
  // An absent or empty folder is replaced by a plain rename.
  if (::rename(fresh_.c_str(), target_.c_str()) == 0) return;
  if (errno != ENOTEMPTY && errno != EEXIST) fail_write(target_, errno);
  if (::renameat2(AT_FDCWD, fresh_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) == 0) {
    return;
  }
  if (errno != EINVAL && errno != ENOSYS) fail_write(target_, errno);
  // A file system that cannot exchange: for a moment there is no folder, never a half one.
  const fs::path old = fresh_.string() + ".old";
  if (::rename(target_.c_str(), old.c_str()) != 0) fail_write(target_, errno);
  if (::rename(fresh_.c_str(), target_.c_str()) != 0) {
    const int reason = errno;
    if (::rename(old.c_str(), target_.c_str()) == 0) fail_write(target_, reason);
    fail("base.folder", fmt::format("cannot write {} ({}). What was there is now {}: rename it.",
                                    target_.string(), std::strerror(reason), old.string()));
  }
  remove_folder(old);
}

void WholeFolder::commit() {
  replace();
  if (const int reason = sync_folder(folder_of(target_), -1)) fail_write(target_, reason);
}

}  // namespace relatum
