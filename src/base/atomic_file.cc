// Temporary file, fsync and rename behind AtomicFile.
#include "base/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/durable.h"
#include "base/error.h"
#include "base/mapped_file.h"

namespace relatum {
namespace {

namespace fs = std::filesystem;
constexpr size_t kPendingLimit = 1 << 20;  // one system call per MiB

// An empty file that is locked while it is open. Another process may take the new file for a
// leftover before the lock is held: then once more.
int create_locked(const fs::path& path) {
  while (true) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                          0644);
    if (fd < 0) return fd;
    struct stat status {};
    const bool locked = ::flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (!locked || ::fstat(fd, &status) != 0 || status.st_nlink > 0) return fd;
    ::close(fd);
  }
}

}  // namespace

AtomicFile::AtomicFile(fs::path target) : target_(behind_links(std::move(target))) {
  std::error_code error;
  if (fs::exists(target_, error) && !fs::is_regular_file(target_)) {
    fail("base.file", fmt::format("{} is no regular file, and would be replaced by one. Name "
                                  "another place.",
                                  target_.string()));
  }
  if (target_.has_parent_path()) create_folders(target_.parent_path());
  remove_leftover_files(target_);
  temporary_ = temporary_of(target_);
  fd_ = create_locked(temporary_);
  if (fd_ < 0) fail_write(target_, errno);
  struct stat old {};
  // Where that is not allowed, the new file has the rights of any other.
  if (::stat(target_.c_str(), &old) == 0) (void)!::fchmod(fd_, old.st_mode & 07777);
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::unlink(temporary_.c_str());
  ::close(fd_);
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void AtomicFile::write(std::string_view text) {
  if (pending_.size() + text.size() < kPendingLimit) {
    pending_.append(text);
    return;
  }
  flush();
  put(text);  // large pieces are not copied first
}

void AtomicFile::flush() {
  put(pending_);
  pending_.clear();
}

void AtomicFile::put(std::string_view text) {
  if (const int reason = write_all(fd_, text)) fail_write(target_, reason);
}

void AtomicFile::commit() {
  flush();
  // Until the rename the destructor removes the temporary file; the name follows the content.
  if (::fsync(fd_) != 0) fail_write(target_, errno);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail_write(target_, errno);
  const int fd = std::exchange(fd_, -1);
  const int reason = sync_folder(folder_of(target_), fd);
  const int closed = ::close(fd) == 0 ? 0 : errno;
  if (reason || closed) fail_write(target_, reason ? reason : closed);
}

void write_file(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

std::string read_file(const fs::path& path) {
  const auto file = MappedFile::open(path);
  return std::string(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
}

}  // namespace relatum
