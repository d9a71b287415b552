// A temporary folder that changes places with the target.
#include "graph/whole_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>

#include <cerrno>

#include "base/durable.h"
#include "base/error.h"
#include "base/printable.h"

namespace relatum::graph {

namespace fs = std::filesystem;

WholeFolder::WholeFolder(const fs::path& target)
    : target_(behind_links(target.filename().empty() ? target.parent_path() : target)),
      fresh_(temporary_of(target_)) {
  std::error_code ignored;
  if (fs::exists(target_, ignored) && !fs::is_directory(target_, ignored)) {
    fail("graph.format",
         fmt::format("{} is a file, and this form is a folder of files. Name another "
                     "place.",
                     target.string()));
  }
  for (const fs::path& old : temporaries_of(target_)) {
    if (FolderLock::nobody_holds(old)) fs::remove_all(old, ignored);
  }
  fs::remove_all(fresh_, ignored);
  create_folders(fresh_);
  held_ = std::make_unique<FolderLock>(fresh_);
}

WholeFolder::~WholeFolder() {
  std::error_code ignored;
  fs::remove_all(fresh_, ignored);
}

void WholeFolder::commit() {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(target_, ignored)) {
    const fs::path name = entry.path().filename();
    if (fs::exists(fresh_ / name, ignored)) continue;
    fail("graph.format",
         fmt::format("{} holds '{}', which is no part of a graph and would be lost. "
                     "Name another folder.",
                     target_.string(), printable(name.string())));
  }
  // A target that is absent or empty is replaced by a plain rename; else the two change places,
  // and what was there goes with this object.
  if (::rename(fresh_.c_str(), target_.c_str()) != 0) {
    if (errno != ENOTEMPTY && errno != EEXIST) fail_write(target_, errno);
    if (::renameat2(AT_FDCWD, fresh_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) != 0) {
      fail_write(target_, errno);
    }
  }
  if (const int reason = sync_folder(folder_of(target_), -1)) fail_write(target_, reason);
}

}  // namespace relatum::graph
