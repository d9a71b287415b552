// Says before the long work whether its result can be written where it is asked for.
#pragma once

#include <filesystem>

namespace relatum::app {

/// Throws Error where `path` is a folder or a device, or lies where no file can be made. Creates
/// nothing.
void check_output_file(const std::filesystem::path& path);
/// The same for a folder, which may be there already.
void check_output_folder(const std::filesystem::path& path);

}  // namespace relatum::app
