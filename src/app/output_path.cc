// Looks at the nearest part of a path that is there.
#include "app/output_path.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;

// The folder that is there already and below which all the rest would be made.
fs::path nearest_there(fs::path path) {
  std::error_code ignored;
  while (!path.empty() && !fs::exists(path, ignored)) {
    const fs::path parent = path.parent_path();
    if (parent == path) break;
    path = parent;
  }
  return path.empty() ? fs::path(".") : path;
}

// Root may write everywhere by its permissions, though not in every file system: that shows when
// the file is made.
void check_parent(const fs::path& path) {
  const fs::path folder = nearest_there(path.parent_path());
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    fail("app.output", fmt::format("cannot write {}: {} is not a folder. Name another place.",
                                   path.string(), folder.string()));
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    fail("app.output", fmt::format("cannot write {}: the folder {} may not be written to. Check "
                                   "its permissions, or name another place.", path.string(),
                                   folder.string()));
  }
}

}  // namespace

void check_output_file(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (fs::is_directory(status) || !path.has_filename()) {
    fail("app.output", fmt::format("cannot write '{}': it names a folder. Name a file.",
                                   path.string()));
  }
  // Files appear by renaming, which would put a file in the place of /dev/null, too.
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    fail("app.output", fmt::format("cannot write {}: it is not a regular file. Name a file.",
                                   path.string()));
  }
  check_parent(path);
}

void check_output_folder(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (path.empty() || (fs::exists(status) && !fs::is_directory(status))) {
    fail("app.output", fmt::format("cannot write '{}': it is not a folder. Name another place.",
                                   path.string()));
  }
  check_parent(path / "x");
}

}  // namespace relatum::app
