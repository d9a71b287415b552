// An open file that is locked, and renamed in the end.
#include "base/part_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/durable.h"
#include "base/error.h"

namespace relatum {
namespace {

namespace fs = std::filesystem;
constexpr size_t kPendingLimit = 1 << 16;

// The part, open and locked; made where it is not there. Whoever held it may just have given it the
// target's name: that file is not ours to write, so the part is opened once more.
int open_locked(const fs::path& part) {
  while (true) {
    const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) fail_write(part, errno);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      ::close(fd);
      fail("base.file", fmt::format("{} is being written by another command. Wait until it is "
                                    "done, or name another file.",
                                    part.string()));
    }
    struct stat opened {
    }, named{};
    const bool same = ::fstat(fd, &opened) == 0 && ::stat(part.c_str(), &named) == 0 &&
                      opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
    if (same) return fd;
    ::close(fd);
  }
}

}  // namespace

fs::path PartFile::path_for(const fs::path& target) {
  fs::path part = behind_links(target);
  part += ".part";
  return part;
}

PartFile::PartFile(const fs::path& target, std::optional<uint64_t> kept)
    : target_(behind_links(target)), part_(path_for(target)) {
  if (part_.has_parent_path()) create_folders(part_.parent_path());
  fd_ = open_locked(part_);
  struct stat status {};
  const char* problem = nullptr;
  if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) {
    problem = "is no regular file. Move it away.";
  } else if (kept && uint64_t(status.st_size) < *kept) {
    problem = "is shorter than when it was saved. Begin anew with --overwrite.";
  }
  if (problem) {
    ::close(std::exchange(fd_, -1));
    fail("base.file", fmt::format("{} {}", part_.string(), problem));
  }
  bytes_ = kept.value_or(0);
  if (::ftruncate(fd_, off_t(bytes_)) != 0 || ::lseek(fd_, off_t(bytes_), SEEK_SET) < 0) {
    const int reason = errno;
    ::close(std::exchange(fd_, -1));
    fail_write(part_, reason);
  }
  struct stat old {};
  // Where that is not allowed, the new file has the rights of any other.
  if (::stat(target_.c_str(), &old) == 0) (void)!::fchmod(fd_, old.st_mode & 07777);
}

PartFile::~PartFile() {
  if (fd_ < 0) return;
  (void)write_all(fd_, pending_);  // what is lost here was not saved
  if (bytes_ == 0) ::unlink(part_.c_str());
  ::close(fd_);
}

void PartFile::discard() {
  ::unlink(part_.c_str());
  ::close(std::exchange(fd_, -1));
}

void PartFile::write(std::string_view text) {
  bytes_ += text.size();
  pending_.append(text);
  if (pending_.size() >= kPendingLimit) flush();
}

void PartFile::flush() {
  if (const int reason = write_all(fd_, pending_)) fail_write(part_, reason);
  pending_.clear();
}

uint64_t PartFile::save() {
  flush();
  if (::fsync(fd_) != 0) fail_write(part_, errno);
  if (const int reason = sync_folder(folder_of(part_), fd_)) fail_write(part_, reason);
  return bytes_;
}

void PartFile::commit() {
  save();
  if (::rename(part_.c_str(), target_.c_str()) != 0) fail_write(target_, errno);
  const int fd = std::exchange(fd_, -1);
  const int reason = sync_folder(folder_of(target_), fd);
  const int closed = ::close(fd) == 0 ? 0 : errno;
  if (reason || closed) fail_write(target_, reason ? reason : closed);
}

}  // namespace relatum
