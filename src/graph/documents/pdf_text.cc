// Asks pdftotext, and says why where it has no answer.
#include "graph/documents/pdf_text.h"

#include <fmt/format.h>

#include <fstream>

#include "base/error.h"
#include "base/printable.h"

namespace relatum::graph {
namespace {

namespace fs = std::filesystem;

/// The mark may stand anywhere in the first 1,024 bytes (PDF 1.7, appendix H, note 13).
bool looks_like_pdf(const fs::path& file) {
  std::string start(1024, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(start.data(), std::streamsize(start.size()));
  start.resize(size_t(stream.gcount()));
  return start.find("%PDF-") != start.npos;
}

std::string first_line(const std::string& errors) {
  return printable_start(errors.substr(0, errors.find('\n')), 200);
}

}  // namespace

std::string pdf_text(const fs::path& file, const std::string& program,
                     const ProgramLimits& limits) {
  const std::string name = printable(file.string());
  const auto refuse = [&](const std::string& what) {
    fail("graph.pdf", fmt::format("{} {}", name, what));
  };
  if (!looks_like_pdf(file)) refuse("does not begin as a PDF file does. Check what it is.");
  // An absolute path begins with a slash, so that no name of a file is taken for an option.
  ProgramRun run = run_program({program, "-q", "-enc", "UTF-8", "-eol", "unix", "-nopgbrk",
                                fs::absolute(file).string(), "-"},
                               limits);
  switch (run.end) {
    case ProgramRun::End::kAbsent:
      refuse(
          fmt::format("needs the program pdftotext, and there is no '{}'. Install it (Debian and "
                      "Ubuntu: poppler-utils) or save the text as .txt.",
                      printable(program)));
      break;
    case ProgramRun::End::kTooLong:
      refuse(
          fmt::format("keeps pdftotext busy for more than {:g} seconds. Save its text as .txt, "
                      "or cut it into parts.",
                      limits.seconds));
      break;
    case ProgramRun::End::kTooMuch:
      refuse(fmt::format("has more than {} MB of text. Cut it into parts.", limits.bytes >> 20));
      break;
    case ProgramRun::End::kStopped: refuse("was being read when the work was stopped."); break;
    case ProgramRun::End::kDone: break;
  }
  if (run.status != 0) {
    refuse(
        fmt::format("is not read by pdftotext, which ends with {}: \"{}\". Open it in a viewer "
                    "and save it anew, or save its text as .txt.",
                    run.status, first_line(run.errors)));
  }
  return std::move(run.output);
}

}  // namespace relatum::graph
