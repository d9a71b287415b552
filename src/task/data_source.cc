// Looks at the encoding first, then at the beginning, which tells the format.
#include "task/data_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <vector>

#include "base/counted.h"
#include "base/error.h"
#include "base/known_names.h"
#include "base/printable.h"
#include "io/text_file.h"
#include "task/json_rows.h"

namespace relatum::task {
namespace {

constexpr size_t kSniffed = 1 << 20;  // bytes that a format is told from: texts may be long
constexpr size_t kKeysShown = 8;
constexpr size_t kScanned = 16 << 20;  // bytes of a mapped file that are in memory at a time

/// "brat:notes" is meant as a format, unless there is such a file.
void check_prefix(const Spec& spec) {
  const size_t colon = spec.path.find(':');
  std::error_code ignored;
  if (!spec.format.empty() || colon == spec.path.npos || colon < 2 ||
      std::filesystem::exists(spec.path, ignored)) {
    return;
  }
  const std::string prefix = spec.path.substr(0, colon);
  const auto named = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  if (!std::all_of(prefix.begin(), prefix.end(), named)) return;
  const std::vector<std::string> known = names_of(dataset_formats());
  fail("task.load", fmt::format("'{}': there is no file of this name, and '{}' is no data format "
                                "that is known.{} Known formats: {}.",
                                printable_start(spec.path), prefix, did_you_mean(prefix, known),
                                fmt::join(known, ", ")));
}

/// Whether any byte is, or is not, one of `set`; a large file is not kept in memory for that.
bool any_of(const DataSource& source, std::string_view set, bool in_set) {
  for (size_t at = 0; at < source.bytes.size(); at += kScanned) {
    const std::string_view part = source.bytes.substr(at, kScanned);
    const size_t found = in_set ? part.find_first_of(set) : part.find_first_not_of(set);
    if (at > 0) source.drop_pages();
    if (found != part.npos) return true;
  }
  return false;
}

/// All formats with what they are, for a sentence.
std::string known_formats() {
  std::string known;
  for (const DatasetFormat* each : dataset_formats()) {
    known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", each->name, each->description);
  }
  return known;
}

/// What the beginning of a file shows, for a sentence.
std::string seen_first(std::string_view bytes) {
  const std::vector<std::string> keys = first_keys(bytes.substr(0, kSniffed));
  if (keys.empty()) {
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    return fmt::format("its first line is '{}'", printable_start(line, 60));
  }
  std::string list;
  for (size_t i = 0; i < keys.size() && i < kKeysShown; ++i) {
    list += fmt::format("{}'{}'", list.empty() ? "" : ", ", printable_start(keys[i], 40));
  }
  return fmt::format("its first JSON object has the keys {}{}", list,
                     keys.size() > kKeysShown ? " …" : "");
}

const DatasetFormat& format_of_input(const Spec& spec) {
  return dataset_format(spec.format.empty() ? "jsonl" : spec.format);
}

constexpr const char* kReadSo = "standard input is read so where no format is named";

/// `of`: "file" or "folder"; `known`: the formats that it may have.
void guess(DataSource& source, const Spec& spec, const char* of, const std::string& reason,
           const std::string& known) {
  source.guess = fmt::format("The {} was taken for {}, as {}.", of, source.format->name, reason);
  source.others = fmt::format("Where it is of another format, write FORMAT:{} with one of: {}.",
                              spec.path, known);
}

void choose_format(const Spec& spec, DataSource& source) {
  if (!spec.format.empty()) {
    source.format = &dataset_format(spec.format);
    return;
  }
  const std::string first = io::with_line_feeds(source.bytes.substr(0, kSniffed));
  source.format = spec.path == "-" ? &format_of_input(spec)
                                   : sniff_dataset_format(spec.path, first);
  if (!source.format) {
    fail("task.load", fmt::format("{}: its format does not show: {}. Plain documents are for "
                                  "`relatum graph`; else write FORMAT:{} with one of: {}.",
                                  spec.path, seen_first(first), spec.path, known_formats()));
  }
  const std::vector<std::string> keys = first_keys(first);
  if (source.format->name == "jsonl" && std::ranges::find(keys, "text") != keys.end()) return;
  guess(source, spec, "file", spec.path == "-" ? kReadSo : seen_first(first), known_formats());
}

namespace fs = std::filesystem;

/// Files below `folder` with one of the endings, in the order of their paths.
std::vector<fs::path> files_below(const fs::path& folder,
                                  const std::vector<std::string_view>& endings) {
  std::vector<fs::path> files;
  std::error_code problem;
  const auto options = fs::directory_options::skip_permission_denied;
  fs::recursive_directory_iterator at(folder, options, problem);
  for (; !problem && at != fs::recursive_directory_iterator(); at.increment(problem)) {
    const std::string ending = at->path().extension().string();
    std::error_code ignored;
    if (std::ranges::count(endings, std::string_view(ending)) && at->is_regular_file(ignored)) {
      files.push_back(at->path());
    }
  }
  std::ranges::sort(files);
  return files;
}

bool fits(const DatasetFormat& format, const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string first(kSniffed, '\0');
  stream.read(first.data(), std::streamsize(first.size()));
  first.resize(size_t(stream.gcount()));
  return format.sniff(file.string(), io::without_mark(first));
}

/// Whether an empty file is of a format whose data lie in several files.
bool lies_beside(const fs::path& file) {
  const DatasetFormat* format = sniff_dataset_format(file.string(), "");
  return format && !format->beside.empty();
}

/// The formats of folders whose files stand in this one.
std::vector<const DatasetFormat*> formats_of(const fs::path& folder) {
  std::vector<const DatasetFormat*> found;
  for (const DatasetFormat* format : dataset_formats()) {
    if (format->ending.empty()) continue;
    for (const fs::path& file : files_below(folder, {format->ending})) {
      if (!fits(*format, file)) continue;
      found.push_back(format);
      break;
    }
  }
  return found;
}

std::string folder_formats() {
  std::string known;
  for (const DatasetFormat* each : dataset_formats()) {
    if (each->ending.empty()) continue;
    known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", each->name, each->description);
  }
  return known;
}

/// Warns of files that belong to one of the format's and have none.
void tell_alone(const fs::path& folder, DataSource& source) {
  const DatasetFormat& format = *source.format;
  std::vector<fs::path> alone;
  for (fs::path file : files_below(folder, {format.beside})) {
    std::error_code ignored;
    const fs::path with = fs::path(file).replace_extension(format.ending);
    if (!fs::is_regular_file(with, ignored)) alone.push_back(std::move(file));
  }
  if (alone.empty()) return;
  source.warnings.push_back(
      fmt::format("files that end with '{}' and have no '{}' beside them are passed over: {}{} {}.",
                  format.beside, format.ending, counted(int64_t(alone.size()), "file"),
                  alone.size() == 1 ? "," : ", the first", alone[0].string()));
}

void open_folder(const Spec& spec, DataSource& source) {
  if (spec.format.empty()) {
    const auto found = formats_of(spec.path);
    if (found.size() != 1) {
      fail("task.load",
           fmt::format("{} is a folder with files of {} of the formats that may be folders. Write "
                       "FORMAT:{} with one of: {}.",
                       spec.path, found.empty() ? "none" : "several", spec.path, folder_formats()));
    }
    source.format = found[0];
    guess(source, spec, "folder", fmt::format("it has files that end with '{}'", found[0]->ending),
          folder_formats());
  } else {
    source.format = &dataset_format(spec.format);
    if (source.format->ending.empty()) {
      fail("task.load", fmt::format("{} is a folder, and data of the format {} are files. Name a "
                                    "file.",
                                    spec.path, spec.format));
    }
  }
  const fs::path folder = spec.path;
  for (const fs::path& file : files_below(folder, {source.format->ending})) {
    if (!fits(*source.format, file)) continue;
    source.parts.push_back({file, file.lexically_relative(folder).replace_extension().string()});
  }
  if (!source.format->beside.empty()) tell_alone(folder, source);
  if (source.parts.empty()) {
    fail("task.load", fmt::format("{} has no files of the format {}, which end with '{}'.",
                                  spec.path, source.format->name, source.format->ending));
  }
}

}  // namespace

std::vector<fs::path> data_files(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return files_below(path, {".ann", ".txt", ".tsv"});
  std::vector<fs::path> files = {path};
  if (path.extension() == ".ann" || path.extension() == ".txt") {
    fs::path other = path;
    other.replace_extension(path.extension() == ".ann" ? ".txt" : ".ann");
    if (fs::is_regular_file(other, ignored)) files.push_back(other);
  }
  return files;
}

void DataSource::drop_pages() const {
  if (file) relatum::drop_pages(file->bytes());
}

void fail_empty(const std::string& name) {
  fail("task.load", fmt::format("{} is empty: expected rows with a text and two entities. Check "
                                "the file.",
                                name));
}

DataSource open_data(const Spec& spec, std::istream* input, bool by_lines) {
  check_prefix(spec);
  DataSource source;
  source.name = spec.path == "-" ? "standard input" : spec.path;
  if (spec.path == "-") {
    if (!input) {
      fail("task.load", "standard input is not available here. Name a file instead of '-'.");
    }
    const DatasetFormat& format = format_of_input(spec);
    if (by_lines && format.read_lines) {
      source.stream = input;
      source.format = &format;
      if (spec.format.empty()) guess(source, spec, "file", kReadSo, known_formats());
      return source;
    }
    source.text = std::make_shared<const std::string>(std::istreambuf_iterator<char>(*input),
                                                      std::istreambuf_iterator<char>{});
    source.bytes = *source.text;
  } else if (std::error_code ignored; std::filesystem::is_directory(spec.path, ignored)) {
    open_folder(spec, source);
    return source;
  } else {
    source.file = MappedFile::open(spec.path);
    source.bytes = {reinterpret_cast<const char*>(source.file->bytes().data()),
                    source.file->bytes().size()};
  }
  if (const std::string wide = io::wide_encoding(source.bytes); !wide.empty()) {
    fail("task.load",
         fmt::format("{} {}: expected UTF-8. Save the file as UTF-8.", source.name, wide));
  }
  source.bytes = io::without_mark(source.bytes);
  const bool blank = !any_of(source, " \t\r\n", false);
  // Where another file lies beside it, which has the text, nothing may be annotated yet.
  if (blank && spec.format.empty() && !lies_beside(spec.path)) fail_empty(source.name);
  choose_format(spec, source);
  if (source.format->read_file && source.file) {
    const fs::path path = spec.path;
    source.parts = {{path, path.stem().string()}};
    return source;
  }
  if (blank) fail_empty(source.name);
  if (!source.format->read_lines && any_of(source, "\r", true)) {
    source.text = std::make_shared<const std::string>(io::with_line_feeds(source.bytes));
    source.bytes = *source.text;
    source.file.reset();
  }
  return source;
}

}  // namespace relatum::task
