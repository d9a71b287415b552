// The text of a PDF file, by pdftotext.
#pragma once

#include <filesystem>
#include <string>

#include "graph/documents/run_program.h"

namespace relatum::graph {

/// Runs `pdftotext -q -enc UTF-8 -eol unix -nopgbrk FILE -` (of poppler, or of Xpdf), where
/// `program` is its path or its name. Throws Error where it is not there, gives up, passes the
/// limits, or where the file does not begin as a PDF does.
std::string pdf_text(const std::filesystem::path& file, const std::string& program,
                     const ProgramLimits& limits);

}  // namespace relatum::graph
