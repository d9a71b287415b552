// mmap behind MappedFile.
#include "base/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace relatum {

namespace {

[[noreturn]] void fail_no_file(const std::filesystem::path& path, mode_t mode) {
  std::string what = "is not a regular file. Name a file.";
  if (S_ISDIR(mode)) what = "is a folder. Name a file.";
  if (S_ISFIFO(mode)) {
    what =
        "is a pipe. Save what comes from it as a file and name that; data may also come from "
        "standard input, as '-'.";
  }
  fail("base.file", fmt::format("{} {}", path.string(), what));
}

}  // namespace

void require_file(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) fail_no_file(path, info.st_mode);
}

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  // O_NONBLOCK: a pipe without a writer is told from a file at once. It changes nothing for files.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    fail("base.file", fmt::format("cannot open {}: {}. Check the path and its permissions.",
                                  path.string(), std::strerror(errno)));
  }
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    fail_no_file(path, info.st_mode);
  }
  std::shared_ptr<MappedFile> file(new MappedFile);
  file->path_ = path;
  file->size_ = size_t(info.st_size);
  if (file->size_ > 0) {
    void* data = ::mmap(nullptr, file->size_, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
      const int reason = errno;
      ::close(fd);
      file->size_ = 0;
      fail("base.file",
           fmt::format("cannot map {} into memory: {}.", path.string(), std::strerror(reason)));
    }
    file->address_ = data;
  }
  ::close(fd);
  return file;
}

MappedFile::~MappedFile() {
  if (size_ > 0) ::munmap(address_, size_);
}

namespace {

// Nothing depends on its success.
void advise(std::span<const std::byte> bytes, int advice) {
  const auto page = uintptr_t(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<uintptr_t>(bytes.data()) + page - 1) / page * page;
  const auto end = reinterpret_cast<uintptr_t>(bytes.data() + bytes.size()) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, advice);
}

}  // namespace

void drop_pages(std::span<const std::byte> bytes) { advise(bytes, MADV_DONTNEED); }
void will_need(std::span<const std::byte> bytes) { advise(bytes, MADV_WILLNEED); }

}  // namespace relatum
