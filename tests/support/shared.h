// Finds third-party test data and models that lie outside the project.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace relatum::testing {

/// A file below the shared data folder ($RELATUM_SHARED/data or the build's default), if present.
inline std::optional<std::filesystem::path> shared_file(const std::string& relative) {
  const char* folder = std::getenv("RELATUM_SHARED");
  const std::filesystem::path path =
      std::filesystem::path(folder ? folder : RELATUM_SHARED_DEFAULT) / "data" / relative;
  if (std::filesystem::exists(path)) return path;
  return std::nullopt;
}

/// A file below the user's model folder ($XDG_DATA_HOME/relatum/models), if present.
inline std::optional<std::filesystem::path> model_file(const std::string& relative) {
  const char* data = std::getenv("XDG_DATA_HOME");
  const char* home = std::getenv("HOME");
  const std::filesystem::path base = data && *data ? std::filesystem::path(data)
                                                   : std::filesystem::path(home ? home : ".") /
                                                         ".local/share";
  const std::filesystem::path path = base / "relatum/models" / relative;
  if (std::filesystem::exists(path)) return path;
  return std::nullopt;
}

}  // namespace relatum::testing

// Skips the running test with a clear message where a shared file is absent.
#define RELATUM_NEEDS(optional_path) \
  if (!(optional_path)) GTEST_SKIP() << "absent data; set RELATUM_SHARED or fetch the models"
