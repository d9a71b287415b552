// Descriptions of the files and folders that Relatum reads and writes.
#pragma once

#include <filesystem>
#include <string>

namespace relatum::app {

/// What a GGUF file, model folder, adapter, run or index is, as lines to read. Throws Error where
/// it is none of them, or damaged.
std::string inspect_text(const std::filesystem::path& path, bool all_tensors);

}  // namespace relatum::app
