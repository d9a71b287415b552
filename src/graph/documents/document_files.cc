// Lists folders in an order of their own, so that a run does not depend on the file system's.
#include "graph/documents/document_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "base/counted.h"
#include "base/error.h"
#include "base/printable.h"
#include "text/unicode.h"

namespace relatum::graph {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPlace = "graph.documents";
constexpr const char* kForms =
    "Documents are .txt, .md, .html, .pdf, .jsonl and .csv files; of another "
    "ending, name the form before the path, as in txt:notes.log.";

struct Named {
  std::string_view name;
  DocumentForm form;
};
constexpr Named kNames[] = {{"txt", DocumentForm::kText},        {"md", DocumentForm::kMarkdown},
                            {"html", DocumentForm::kHtml},       {"pdf", DocumentForm::kPdf},
                            {"jsonl", DocumentForm::kJsonLines}, {"csv", DocumentForm::kTable}};
constexpr Named kMoreEndings[] = {{"markdown", DocumentForm::kMarkdown},
                                  {"htm", DocumentForm::kHtml},
                                  {"xhtml", DocumentForm::kHtml},
                                  {"ndjson", DocumentForm::kJsonLines},
                                  {"tsv", DocumentForm::kTable}};

std::optional<DocumentForm> find(std::span<const Named> names, std::string_view name) {
  const auto at = std::ranges::find(names, name, &Named::name);
  return at == names.end() ? std::nullopt : std::optional(at->form);
}

}  // namespace

std::optional<DocumentForm> form_of_ending(std::string_view file_name) {
  const size_t dot = file_name.rfind('.');
  if (dot == file_name.npos || dot == 0) return std::nullopt;
  const std::string ending = text::full_lower_case(file_name.substr(dot + 1));
  const auto form = find(kNames, ending);
  return form ? form : find(kMoreEndings, ending);
}

namespace {

/// The form of a name that stands before a path.
std::optional<DocumentForm> form_of_name(std::string_view name) { return find(kNames, name); }

/// A path as an id: with slashes, and safe to be shown and written as JSON.
std::string id_of(const fs::path& path) { return printable(path.generic_string()); }

/// Lists one folder and, below it, its folders.
class Folder {
 public:
  Folder(const fs::path& root, std::optional<DocumentForm> form, DocumentFiles& found)
      : root_(root), form_(form), found_(found) {}

  void list() {
    list(root_);
    std::ranges::sort(files_, {}, &DocumentFile::id);
    found_.files.insert(found_.files.end(), files_.begin(), files_.end());
  }

 private:
  void list(const fs::path& folder) {
    std::error_code failed;
    fs::directory_iterator entries(folder, failed);
    std::vector<fs::path> inner;
    while (!failed && entries != fs::directory_iterator()) {
      take(*entries, inner);
      entries.increment(failed);
    }
    if (failed) {
      fail(kPlace, fmt::format("cannot list the folder {}: {}. Check its permissions.",
                               printable(folder.string()), failed.message()));
    }
    for (const fs::path& each : inner) list(each);
  }

  void take(const fs::directory_entry& entry, std::vector<fs::path>& folders) {
    std::error_code failed;
    const std::string name = entry.path().filename().string();
    const fs::file_status status = entry.status(failed);  // of what a link leads to
    const auto form = form_ ? form_ : form_of_ending(name);
    if (name.starts_with('.')) {
      ++found_.hidden;
    } else if (fs::is_directory(status)) {
      std::error_code ignored;
      if (entry.is_symlink(ignored)) ++found_.linked_folders;
      else folders.push_back(entry.path());
    } else if (!form) {
      ++found_.other_endings;
    } else if (fs::exists(status) && !fs::is_regular_file(status)) {
      ++found_.special;
    } else {
      std::error_code absent;
      const uintmax_t bytes = entry.file_size(absent);
      files_.push_back({entry.path(), id_of(entry.path().lexically_relative(root_)), form,
                        absent ? 0 : uint64_t(bytes)});
    }
  }

  const fs::path& root_;
  std::optional<DocumentForm> form_;
  DocumentFiles& found_;
  std::vector<DocumentFile> files_;
};

void find_one(const std::string& input, DocumentFiles& found) {
  const size_t colon = input.find(':');
  auto form = colon == input.npos ? std::nullopt : form_of_name(input.substr(0, colon));
  const fs::path path = form ? input.substr(colon + 1) : input;
  if (path == "-") {
    if (std::ranges::any_of(found.files, &DocumentFile::is_input)) {
      fail(kPlace, "standard input ('-') is named twice. Name it once.");
    }
    found.files.push_back({path, "stdin", form, 0, true});
    found.names.emplace_back("standard input");
    return;
  }
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  const std::string name = printable(path.string());
  if (!fs::exists(status)) {
    fail(kPlace, fmt::format("cannot open {}: {}. Check the path.", name,
                             failed ? failed.message() : "it is not there"));
  }
  found.names.push_back(name_of_path(path));
  if (fs::is_directory(status)) {
    found.folders.push_back({path, form});
    return Folder(path, form, found).list();
  }
  if (!form) form = form_of_ending(path.filename().string());
  if (!form) fail(kPlace, fmt::format("{} has an ending that tells no form. {}", name, kForms));
  if (!fs::is_regular_file(status)) {
    fail(kPlace, fmt::format("{} is no file but a device or a pipe. Hand it over as standard input "
                             "('-') or save it first.",
                             name));
  }
  found.files.push_back(
      {path, id_of(path.filename()), form, uint64_t(fs::file_size(path, failed))});
}

}  // namespace

DocumentFiles find_documents(std::span<const std::string> inputs) {
  DocumentFiles found;
  for (const std::string& input : inputs) find_one(input, found);
  for (const DocumentFile& file : found.files) found.bytes += file.bytes;
  return found;
}

std::string name_of_path(const fs::path& path) {
  std::error_code failed;
  fs::path whole = fs::absolute(path, failed).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();  // it ended with a slash
  return printable((whole.has_filename() ? whole.filename() : whole).string());
}

std::string named_documents(const DocumentFiles& found) {
  constexpr size_t kMost = 3;
  const auto& names = found.names;
  const size_t shown = names.size() > kMost ? kMost - 1 : names.size();
  std::string text;
  for (size_t i = 0; i < shown; ++i) {
    const bool last = i > 0 && i + 1 == names.size();
    text += fmt::format("{}{}", i == 0 ? "" : last ? " and " : ", ", names[i]);
  }
  if (shown < names.size()) text += fmt::format(" and {} others", names.size() - shown);
  return text;
}

std::string passed_over(const DocumentFiles& found) {
  std::string parts;
  const auto add = [&](int64_t count, std::string_view one, std::string_view many) {
    if (count == 0) return;
    parts += fmt::format("{}{}", parts.empty() ? "" : ", ", counted(count, one, many));
  };
  add(found.other_endings, "file of another ending", "files of other endings");
  add(found.hidden, "hidden entry", "hidden entries");
  add(found.linked_folders, "link to a folder", "links to folders");
  add(found.special, "device or pipe", "devices and pipes");
  return parts.empty() ? "" : fmt::format("Passed over: {}.", parts);
}

}  // namespace relatum::graph
