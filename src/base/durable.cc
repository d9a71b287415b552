// Write, fsync and the folders above.
#include "base/durable.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/error.h"

namespace relatum {

namespace fs = std::filesystem;
constexpr int kMostLinks = 40;  // as the kernel follows
constexpr std::string_view kSuffix = ".tmp";

void fail_write(const fs::path& path, int reason) {
  const bool full = reason == ENOSPC || reason == EDQUOT;
  fail("base.file", fmt::format("cannot write {}: {}. {}", path.string(), std::strerror(reason),
                                full              ? "Free some space and run again."
                                : reason == EFBIG ? "Raise the limit on the size of files."
                                                  : "Check the folder and its permissions."));
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

fs::path behind_links(fs::path path) {
  std::error_code error;
  for (int i = 0; fs::is_symlink(fs::symlink_status(path, error)); ++i) {
    if (i == kMostLinks) fail_write(path, ELOOP);
    const fs::path next = fs::read_symlink(path, error);
    if (error) fail_write(path, error.value());
    path = folder_of(path) / next;
  }
  return path;
}

int sync_folder(const fs::path& folder, int file) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return file >= 0 && ::syncfs(file) != 0 ? errno : 0;
  const int reason = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return reason == EINVAL || reason == ENOTSUP ? 0 : reason;  // not every file system can
}

void create_folders(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> missing;
  for (fs::path p = folder; !p.empty() && !fs::exists(p, error); p = p.parent_path()) {
    missing.push_back(p);
    if (p == p.parent_path()) break;
  }
  fs::create_directories(folder, error);
  if (error) fail_write(folder, error.value());
  for (const fs::path& made : missing) {
    if (const int reason = sync_folder(folder_of(made), -1)) fail_write(made, reason);
  }
}

static bool is_temporary_of(const std::string& target, std::string_view name) {
  if (!name.starts_with(target + ".") || !name.ends_with(kSuffix)) return false;
  name.remove_prefix(target.size() + 1);
  if (name.size() <= kSuffix.size()) return false;
  name.remove_suffix(kSuffix.size());
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

fs::path temporary_of(const fs::path& target) {
  fs::path temporary = target;
  temporary += fmt::format(".{}{}", ::getpid(), kSuffix);
  return temporary;
}

std::vector<fs::path> temporaries_of(const fs::path& target) {
  std::vector<fs::path> found;
  std::error_code error;
  fs::directory_iterator entry(folder_of(target), error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    if (is_temporary_of(target.filename().string(), path.filename().string())) {
      found.push_back(path);
    }
  }
  return found;
}

void remove_leftover_files(const fs::path& target) {
  for (const fs::path& path : temporaries_of(target)) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) continue;
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
    ::close(fd);
  }
}

int write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(file, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    text.remove_prefix(size_t(n));
  }
  return 0;
}

}  // namespace relatum
