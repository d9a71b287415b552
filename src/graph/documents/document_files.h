// Which files are documents: named ones, those of folders, and standard input.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/documents/source_document.h"

namespace relatum::graph {

struct DocumentFile {
  std::filesystem::path path;
  std::string id;                    ///< SourceDocument::id of a file that is one document
  std::optional<DocumentForm> form;  ///< nothing: standard input, whose first character tells
  uint64_t bytes = 0;                ///< its size; 0 of standard input and of what is not there
  bool is_input = false;             ///< standard input
};

/// A folder that was named, whose files are documents.
struct DocumentFolder {
  std::filesystem::path path;
  std::optional<DocumentForm> form;  ///< of all its files; nothing: by their endings
};

/// What was found, and what was passed over.
struct DocumentFiles {
  std::vector<std::string> names;  ///< of what was named, without the folders that it is in
  std::vector<DocumentFolder> folders;
  std::vector<DocumentFile> files;  ///< as they were named; those of a folder by their ids' bytes
  uint64_t bytes = 0;               ///< of all files
  int64_t other_endings = 0;        ///< files of folders that no form is known for
  int64_t hidden = 0;               ///< files and folders whose name begins with a full stop
  int64_t linked_folders = 0;       ///< links to folders within folders, which may lead in a circle
  int64_t special = 0;              ///< devices, pipes and sockets
};

/// Each input is a file, a folder (with all folders in it), "-" for standard input, or one of these
/// behind the name of a form, "txt:notes.log" or "csv:-". A link that is named itself is followed,
/// so are links to files; links to folders in folders are not. Files of folders that cannot be
/// opened are listed: reading tells. Throws Error where a named input is not there or has no form
/// that is known, where standard input is named twice, and where a folder cannot be listed.
DocumentFiles find_documents(std::span<const std::string> inputs);

/// The form that a file's ending says, in any case; nothing for one that no form has.
std::optional<DocumentForm> form_of_ending(std::string_view file_name);

/// The last part of a path that has one, as "notes" of "../notes/" and of "." within it.
std::string name_of_path(const std::filesystem::path& path);

/// What was named, in a few words: "notes", "a.txt, b.txt and 3 others"; "" where nothing was.
std::string named_documents(const DocumentFiles& found);

/// What was passed over, as one sentence; "" where nothing was.
std::string passed_over(const DocumentFiles& found);

}  // namespace relatum::graph
