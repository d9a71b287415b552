// Hugging Face's libraries keep models--ORG--NAME/snapshots/COMMIT.
#include "arch/model_name.h"

#include <string_view>

namespace relatum::arch {

namespace fs = std::filesystem;

std::string repository_name(const fs::path& folder) {
  constexpr std::string_view kRepository = "models--";
  std::string name = folder.filename().string();
  if (!name.starts_with(kRepository)) return "";
  name.erase(0, kRepository.size());
  const size_t between = name.find("--");
  return between == name.npos ? name : name.replace(between, 2, "/");
}

std::string model_name(const fs::path& path) {
  std::error_code error;
  fs::path whole = fs::absolute(path, error).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  const fs::path parent = whole.parent_path();
  const std::string repository = repository_name(parent.parent_path());
  if (parent.filename() == "snapshots" && !repository.empty()) return repository;
  return whole.filename().string();
}

}  // namespace relatum::arch
