// Descriptions of the files and folders that Relatum reads and writes.
#pragma once

#include <filesystem>
#include <string>

namespace relatum::io {
class Safetensors;
}

namespace relatum::app {

/// What a file or folder that Relatum reads or writes is, as lines to read, safe for a terminal.
/// A folder that is several things is described as each. Throws Error that says what was seen where
/// it is none, or damaged.
std::string inspect_text(const std::filesystem::path& path, bool all_tensors);
/// The tensors of a file: how many of which type, and the first (or all) of them by name.
std::string safetensors_lines(const io::Safetensors& file, bool all);

}  // namespace relatum::app
