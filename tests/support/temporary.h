// A folder that lives as long as its test.
#pragma once

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

namespace relatum::testing {

/// Created empty below the system's folder for temporary files, removed with all it holds.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    // A test that was killed leaves its folder, and another process may have its number later.
    std::string name = (std::filesystem::temp_directory_path() / "relatum-test-XXXXXX").string();
    if (!::mkdtemp(name.data())) {
      throw std::filesystem::filesystem_error(name,
                                              std::error_code(errno, std::generic_category()));
    }
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace relatum::testing
