// The text of a file that is one document.
#pragma once

#include <string>
#include <string_view>

#include "graph/documents/source_document.h"

namespace relatum::graph {

/// The text of one file's bytes, CR LF and a lone CR as LF, without a byte-order mark. Throws Error
/// for what is no text: a file whose first bytes are those of PDF, ZIP (Office's and OpenDocument's
/// files, too), gzip, PNG, JPEG, GIF, an old Office program's file or a program, one with a zero
/// byte, one that is not UTF-8 (pages: see html_encoding.h). `form` is kText, kMarkdown or kHtml;
/// `name` begins the sentence.
std::string document_text(std::string_view bytes, DocumentForm form, const std::string& name);

}  // namespace relatum::graph
