// The text of a data set, and the format that it is in.
#pragma once

#include <filesystem>
#include <istream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "task/dataset.h"
#include "task/spec.h"

namespace relatum::task {

/// A file of a format that reads its files itself (DatasetFormat::read_file).
struct DataPart {
  std::filesystem::path file;
  std::string id;  ///< its path within the folder, without its ending
};

/// A file that is mapped, or a stream: read already, or yet to be read line by line. Or `parts`.
struct DataSource {
  std::string name;  ///< the file, or "standard input"
  std::shared_ptr<const MappedFile> file;
  std::shared_ptr<const std::string> text;  ///< what was read or converted, else nullptr
  std::string_view bytes;          ///< all of it, without a byte-order mark, lines end with LF
  std::istream* stream = nullptr;  ///< to be read by the format's read_lines; else nullptr
  const DatasetFormat* format = nullptr;
  std::vector<DataPart> parts;  ///< of formats that read their files themselves, in order
  /// Why the format was chosen, where nobody named it and its first keys leave a doubt, and which
  /// others there are.
  std::string guess, others;
  std::vector<std::string> warnings;  ///< of files beside the data; whole sentences

  /// Gives back the memory of pages that were read.
  void drop_pages() const;
};

/// Opens what the SPEC names; `input` is read for "-", as rows come where `by_lines` and the format
/// allow it. Throws Error where there is no such file, it is not UTF-8 or empty, or its format does
/// not show.
DataSource open_data(const Spec& spec, std::istream* input, bool by_lines);

/// The files that a SPEC's path stands for: those of a folder that formats of folders read, with
/// what lies beside them; else the path itself.
std::vector<std::filesystem::path> data_files(const std::filesystem::path& path);

/// The error for a source without a row.
[[noreturn]] void fail_empty(const std::string& name);

}  // namespace relatum::task
