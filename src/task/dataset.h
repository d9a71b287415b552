// The corpus formats that can be read; one file in task/datasets is one format.
#pragma once

#include <filesystem>
#include <istream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "task/row_sink.h"

namespace relatum::task {

/// One corpus format.
struct DatasetFormat {
  std::string_view name;         ///< as in a SPEC, e.g. "semeval2010"
  std::string_view description;  ///< one line for --help
  /// The whole inventory in its usual order; nullptr: labels are those that occur in the data.
  const std::vector<std::string>& (*inventory)() = nullptr;
  /// Whether a file whose SPEC names no format is of this one: file name, first MiB.
  bool (*sniff)(std::string_view file_name, std::string_view first_bytes) = nullptr;
  /// Reads a whole file: no byte-order mark; lines end with LF, of a format with read_lines with
  /// carriage returns too. Bad rows go to rows.bad().
  void (*read)(std::string_view bytes, RowSink& rows) = nullptr;
  /// The metric (task/metric.h) that the corpus is usually judged by; "": decided by the labels.
  std::string_view official = {};
  /// Reads rows from a stream as they come, where the format allows that; else nullptr.
  void (*read_lines)(std::istream& input, RowSink& rows) = nullptr;
  bool names_adapters = false;  ///< rows may name their adapter (RowSink::reads_adapters)
  /// Rows may be documents (RowSink::add_document).
  bool documents = false;
  /// Of such a format whose rows may be pairs, too: whether the file begins with a document.
  /// nullptr: it always does.
  bool (*of_documents)(std::string_view bytes) = nullptr;
  /// How the files of a folder of this format end, ".ann"; "": a folder is none.
  std::string_view ending = {};
  /// How the file ends that lies beside each of them, ".txt"; "": none does.
  std::string_view beside = {};
  /// Reads one file that has others beside it, or whose name is the document's id; where it is set,
  /// it is asked instead of `read`. `id` is the file's path within the folder, without its ending.
  void (*read_file)(const std::filesystem::path& file, const std::string& id,
                    RowSink& rows) = nullptr;
  /// What a SPEC's offsets= may say (RowSink::offsets), where a file does not show how it counts.
  std::vector<std::string_view> offsets = {};
};

/// All formats; generated from the folder.
std::span<const DatasetFormat* const> dataset_formats();
/// By name; throws Error that lists the known ones.
const DatasetFormat& dataset_format(std::string_view name);
/// By file name and first bytes; nullptr where none or more than one fits.
const DatasetFormat* sniff_dataset_format(std::string_view file_name, std::string_view first_bytes);

}  // namespace relatum::task
