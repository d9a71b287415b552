// Models that llama-gguf-split has cut into several GGUF files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace relatum::io {

/// What the name of such a file says: "big-00002-of-00003.gguf" is part 2 of 3 of "big".
struct GgufPartName {
  std::string model;
  int64_t number = 1, count = 1;  ///< counted from 1
};

/// Nothing where the name is that of a whole file.
std::optional<GgufPartName> gguf_part_name(const std::filesystem::path& path);
/// The file of another part of the same model.
std::filesystem::path gguf_part_path(const std::filesystem::path& part, int64_t number);

}  // namespace relatum::io
