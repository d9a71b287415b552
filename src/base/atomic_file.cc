// Temporary file, fsync and rename behind AtomicFile.
#include "base/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/mapped_file.h"

namespace relatum {
namespace {

constexpr size_t kPendingLimit = 1 << 20;  // one system call per MiB

[[noreturn]] void fail_write(const std::filesystem::path& path, int reason) {
  fail("base.file", fmt::format("cannot write {}: {}. {}", path.string(), std::strerror(reason),
                                reason == ENOSPC ? "Free some space and run again."
                                                 : "Check the folder and its permissions."));
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path target) : target_(std::move(target)) {
  std::error_code error;
  if (std::filesystem::exists(target_, error) && !std::filesystem::is_regular_file(target_)) {
    fail("base.file", fmt::format("{} is no regular file, and would be replaced by one. Name "
                                  "another place.", target_.string()));
  }
  if (target_.has_parent_path()) std::filesystem::create_directories(target_.parent_path(), error);
  if (error) fail_write(target_.parent_path(), error.value());
  temporary_ = target_;
  temporary_ += fmt::format(".{}.tmp", ::getpid());
  fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd_ < 0) fail_write(target_, errno);
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void AtomicFile::write(std::string_view text) {
  pending_.append(text);
  if (pending_.size() >= kPendingLimit) flush();
}

void AtomicFile::flush() {
  size_t done = 0;
  while (done < pending_.size()) {
    const ssize_t n = ::write(fd_, pending_.data() + done, pending_.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_write(target_, errno);
    done += size_t(n);
  }
  pending_.clear();
}

void AtomicFile::commit() {
  flush();
  if (::fsync(fd_) != 0) fail_write(target_, errno);
  const int closed = ::close(fd_);
  fd_ = -1;
  if (closed != 0 || ::rename(temporary_.c_str(), target_.c_str()) != 0) {
    const int reason = errno;
    ::unlink(temporary_.c_str());
    fail_write(target_, reason);
  }
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

std::string read_file(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return std::string(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
}

}  // namespace relatum
