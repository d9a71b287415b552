// Folders in memory.
#include "memory.h"

#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace relatum::fuzz {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void broken(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

fs::path place() {
  if (const char* named = ::getenv("TMPDIR")) return named;
  std::error_code ignored;
  return fs::is_directory("/dev/shm", ignored) ? fs::path("/dev/shm") : fs::temp_directory_path();
}

void write_all(int fd, Bytes bytes) {
  if (::write(fd, bytes.data(), bytes.size()) != ssize_t(bytes.size())) broken("write");
}

}  // namespace

MemoryFolder::MemoryFolder() {
  std::string name = (place() / "relatum-fuzz-XXXXXX").string();
  if (!::mkdtemp(name.data())) broken("mkdtemp");
  path_ = name;
}
MemoryFolder::~MemoryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path MemoryFolder::write(const std::string& name, Bytes bytes) const {
  remove(name);
  const fs::path path = path_ / name;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wx"),
                                                             std::fclose);
  if (!file) broken("fopen");
  write_all(::fileno(file.get()), bytes);
  return path;
}

void MemoryFolder::remove(const std::string& name) const { fs::remove(path_ / name); }

}  // namespace relatum::fuzz
