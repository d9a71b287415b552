// Copies of the tiny models with single values replaced.
#pragma once

#include <cstring>
#include <filesystem>
#include <list>
#include <string>
#include <vector>

#include "io/safetensors.h"

namespace relatum::testing {

/// Copies a fixture folder's files to `folder` and sets value `place` of an f32 tensor.
inline std::filesystem::path damaged(const std::filesystem::path& from,
                                     const std::filesystem::path& folder, const std::string& tensor,
                                     float value, size_t place = 1) {
  std::filesystem::create_directories(folder);
  std::filesystem::copy(
      from, folder,
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  const auto file = io::Safetensors::open(from / "model.safetensors");
  std::vector<io::SafetensorsOutput> tensors;
  std::list<std::vector<std::byte>> copies;
  for (const auto& t : file.tensors()) {
    auto& bytes = copies.emplace_back(t.bytes.begin(), t.bytes.end());
    if (t.name == tensor) std::memcpy(bytes.data() + place * sizeof value, &value, sizeof value);
    tensors.push_back({t.name, t.dtype, t.shape, bytes});
  }
  io::write_safetensors(folder / "model.safetensors", tensors);
  return folder;
}

}  // namespace relatum::testing
