// A file mapped read-only into memory; the pages come in as they are touched.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace relatum {

/// Owner of a read-only mapping. Views into bytes() must not outlive it: share the pointer.
class MappedFile {
 public:
  /// Maps the whole file; an empty file gives an empty span. Throws Error with the path.
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const {
    return {static_cast<const std::byte*>(address_), size_};
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  MappedFile() = default;
  std::filesystem::path path_;
  void* address_ = nullptr;
  size_t size_ = 0;
};

/// Throws Error where `path` is something else than a file: a folder, a device, or a pipe, whose
/// opening would wait for a writer. What is not there is left for open() to tell.
void require_file(const std::filesystem::path& path);
/// Gives back the memory of the whole pages of `bytes`, which lie in a mapping: they come in again
/// from the file where they are touched.
void drop_pages(std::span<const std::byte> bytes);
/// Has the whole pages of `bytes`, which lie in a mapping, read from the file ahead of their use.
void will_need(std::span<const std::byte> bytes);

}  // namespace relatum
