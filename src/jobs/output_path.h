// Says before the long work whether its result can be written where it is asked for.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "jobs/choices.h"

namespace relatum::jobs {

/// What a command reads, so that it does not write over it.
struct CommandInputs {
  std::vector<std::filesystem::path> files;     ///< empty paths and "-" are passed over
  std::vector<std::filesystem::path> folders;   ///< models, adapters, indices: none of their files
  void add_data(const std::string& spec);       ///< the path of a SPEC; empty: nothing
  void add_options(const DataChoice& options);  ///< its inventory and its patch
};

/// Throws Error where `path` is a folder or a device, or lies where no file can be made. Creates
/// nothing.
void check_output_file(const std::filesystem::path& path);
/// The same for a folder, which may be there already.
void check_output_folder(const std::filesystem::path& path);
/// check_output_file(), and Error where the file is one that the command reads, by any path: links
/// count, too.
void check_not_read(const std::filesystem::path& path, const CommandInputs& inputs);
/// Error where the file is there and `overwrite` is not given.
void check_absent_or_overwrite(const std::filesystem::path& path, bool overwrite);
/// check_not_read(), and Error where the file is a model's, or is there and `overwrite` is not
/// given.
void check_new_file(const std::filesystem::path& path, const CommandInputs& inputs, bool overwrite);
/// Error where the folder is there, is not empty, and `overwrite` is not given.
void check_new_folder(const std::filesystem::path& path, bool overwrite);
/// For a folder that is replaced with all that it holds: check_output_folder(), check_new_folder(),
/// and Error where it holds something that the command reads, or files and no `mark`, the file by
/// which the command knows what it wrote itself.
void check_replaced_folder(const std::filesystem::path& path, const CommandInputs& inputs,
                           const char* mark, bool overwrite);

}  // namespace relatum::jobs
