// Documents one after the other, whatever they are kept in.
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <string>
#include <vector>

#include "base/context.h"
#include "graph/documents/document_files.h"
#include "graph/documents/document_rows.h"
#include "graph/documents/source_document.h"

namespace relatum::graph {

struct DocumentOptions {
  RowFields fields{};                   ///< of JSON lines and tables
  bool skip_bad = false;                ///< documents that cannot be read are listed, not the end
  std::string pdftotext = "pdftotext";  ///< its path, or its name
  double pdf_seconds = 60;              ///< for one PDF file
  uint64_t most_bytes = uint64_t{256} << 20;  ///< of one document, as a file and as a text
  std::istream* input = nullptr;              ///< what "-" reads; without it "-" is refused
  /// Whether a document is wanted, asked before a page or a PDF file is turned into text; without
  /// it all are. A document that is unchanged since the last run is not.
  std::function<bool(const std::string& id, const std::string& sha256)> wanted{};
};

/// What reading came to.
struct DocumentCounts {
  int64_t documents = 0;             ///< handed on
  int64_t empty = 0;                 ///< of these, without anything but blanks
  int64_t unwanted = 0;              ///< read and not handed on
  std::vector<std::string> bad{};    ///< sentences, where bad ones are listed
  std::vector<std::string> notes{};  ///< sentences: fields of rows that are not read
};

/// A document, and how many bytes of all files have been read with it, for a progress bar beside
/// DocumentFiles::bytes.
using TakeDocument = std::function<void(SourceDocument&& document, uint64_t bytes_read)>;

/// Hands on the documents of `files` in their order. In memory are one document and all ids (of a
/// table, its file is mapped). Every document has an id of its own: the second of one id is bad.
/// What is bad throws Error, one sentence with the file and what to do, or is listed: files that
/// cannot be opened, are larger than most_bytes, are no text or not UTF-8 (pages: see
/// html_encoding.h), PDF files that pdftotext does not read, malformed rows. Empty documents are
/// handed on. Reading ends between two documents where `context` is stopping.
DocumentCounts read_documents(const DocumentFiles& files, const DocumentOptions& options,
                              const Context& context, const TakeDocument& take);

}  // namespace relatum::graph
