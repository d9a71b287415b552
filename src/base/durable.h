// What files that outlive a power cut are made with.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace relatum {

/// The error of a write that failed with `reason`, an errno.
[[noreturn]] void fail_write(const std::filesystem::path& path, int reason);
/// Makes the folder and those above it where they are missing, durably. Throws Error with the path.
void create_folders(const std::filesystem::path& folder);
/// The folder that a path lies in; "." where it names none.
std::filesystem::path folder_of(const std::filesystem::path& path);
/// The file that a link stands for, there or not; a path that is no link as it is.
std::filesystem::path behind_links(std::filesystem::path path);
/// Makes the folder's entries durable. One that may be written but not read cannot be opened: then
/// the whole file system is flushed, of which the open `file` is a part. 0 or the errno.
int sync_folder(const std::filesystem::path& folder, int file);
/// The name under which this process writes what is to take the target's place …
std::filesystem::path temporary_of(const std::filesystem::path& target);
/// … and all such names beside the target that are there, also of processes that were killed.
std::vector<std::filesystem::path> temporaries_of(const std::filesystem::path& target);
/// Removes such files beside the target that killed processes left. Whoever still writes one holds
/// a lock on it (flock), also on another machine, where its process number would say nothing.
void remove_leftover_files(const std::filesystem::path& target);
/// Writes all of it. 0 or the errno.
int write_all(int file, std::string_view text);

}  // namespace relatum
