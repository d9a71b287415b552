// What bytes have to be before they are taken for a text.
#include "graph/documents/document_text.h"

#include <fmt/format.h>

#include "base/error.h"
#include "graph/documents/html_encoding.h"
#include "graph/documents/html_text.h"
#include "io/text_file.h"

namespace relatum::graph {
namespace {

struct Signature {
  std::string_view bytes, what;
};
constexpr Signature kSignatures[] = {
    {"%PDF-", "a PDF file"},
    {"PK\x03\x04", "a ZIP archive, as files of Office and OpenDocument are"},
    {"\x1f\x8b", "a gzip archive"},
    {"\x89PNG", "a PNG picture"},
    {"\xff\xd8\xff", "a JPEG picture"},
    {"GIF8", "a GIF picture"},
    {"\xd0\xcf\x11\xe0", "a file of an old Office program"},
    {"\x7f"
     "ELF",
     "a program"}};

void refuse_binary(std::string_view bytes, const std::string& name) {
  for (const Signature& signature : kSignatures) {
    if (!bytes.starts_with(signature.bytes)) continue;
    fail("graph.documents", fmt::format("{} is {}, not text. Save its text as .txt, or take it out "
                                        "of the folder.",
                                        name, signature.what));
  }
  // UTF-16 has zeros, too, and is named by what reads the text.
  if (io::wide_encoding(bytes).empty() && bytes.find('\0') != bytes.npos) {
    fail("graph.documents", fmt::format("{} has a zero byte at {}, so it is no text. Save its text "
                                        "as .txt, or take it out of the folder.",
                                        name, bytes.find('\0')));
  }
}

}  // namespace

std::string document_text(std::string_view bytes, DocumentForm form, const std::string& name) {
  refuse_binary(bytes, name);
  if (form != DocumentForm::kHtml) return io::plain_text(bytes, name);
  const std::string page = io::with_line_feeds(utf8_page(bytes, name));
  return html_text(page, name);
}

}  // namespace relatum::graph
