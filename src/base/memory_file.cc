// Linux's memory files.
#include "base/memory_file.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace relatum {

MemoryFile::MemoryFile(std::string_view bytes) : fd_(memfd_create("relatum", MFD_CLOEXEC)) {
  while (fd_ >= 0 && !bytes.empty()) {
    const ssize_t done = ::write(fd_, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) break;
    bytes.remove_prefix(size_t(done));
  }
  if (fd_ >= 0 && bytes.empty()) return;
  const int error = errno;
  if (fd_ >= 0) ::close(fd_);
  fail("base.memory", fmt::format("a file in memory could not be written: {}. Free some memory.",
                                  std::strerror(error)));
}

MemoryFile::~MemoryFile() { ::close(fd_); }

std::filesystem::path MemoryFile::path() const { return fmt::format("/proc/self/fd/{}", fd_); }

}  // namespace relatum
