// The name is taken away as soon as the file is open.
#include "base/scratch_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/durable.h"
#include "base/error.h"

namespace relatum {

ScratchFile::ScratchFile(const std::filesystem::path& folder) : folder_(folder) {
  // Not every file system knows O_TMPFILE.
  std::string name = (folder / ".relatum-XXXXXX").string();
  fd_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd_ < 0) fail_write(folder / "a temporary file", errno);
  ::unlink(name.c_str());
}

ScratchFile::~ScratchFile() { ::close(fd_); }

void ScratchFile::write(uint64_t place, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), off_t(place));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_write(folder_ / "a temporary file", errno);
    place += uint64_t(written);
    bytes.remove_prefix(size_t(written));
  }
}

std::string ScratchFile::read(uint64_t place, size_t size) const {
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(fd_, bytes.data() + done, size - done, off_t(place + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      fail("base.file",
           fmt::format("a temporary file in {} cannot be read ({}). Is the disk sound?",
                       folder_.string(), got < 0 ? std::strerror(errno) : "it ends too early"));
    }
    done += size_t(got);
  }
  return bytes;
}

}  // namespace relatum
