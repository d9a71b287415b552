// Descriptions of files that are no models: data, predictions, reports, records and the like.
#pragma once

#include <filesystem>
#include <string>

namespace relatum::app {

/// What a file is, told by its content, as lines to read. Throws Error that says what was seen
/// where it is nothing that Relatum reads or writes.
std::string inspect_file_text(const std::filesystem::path& path, bool all_tensors);

/// The same for data named as FORMAT:PATH.
std::string inspect_data_text(const std::string& spec);

/// "line of text" after a name that takes 14 columns; what comes from files is made printable.
std::string inspect_line(const std::string& name, const std::string& value);

}  // namespace relatum::app
