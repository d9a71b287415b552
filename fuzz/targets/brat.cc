// brat's two files as one input: the text, a zero byte, the annotation.
#include "task/brat_lines.h"

#include <string>

#include "../texts.h"
#include "task/convert.h"

namespace relatum::fuzz {
namespace {

bool read(std::string_view text, std::string_view annotation, bool skip, int64_t& documents) {
  return accepts([&] {
    task::RowSink rows("brat", "a.ann", skip, [](task::Example&& example, bool) {
      require(task::example_problem(example).empty(), "examples that are read are sound");
      require_utf8(task::marked_text(example));
    });
    rows.take_documents([&](task::Document&& document, bool) {
      ++documents;
      require(task::settle(document).empty(), "documents that are read are sound");
    });
    task::read_brat(text, annotation, "a", rows);
    for (const task::BadRow& row : rows.bad_rows()) require_utf8(row.sentence);
    for (const std::string& warning : rows.warnings()) require_utf8(warning);
  });
}

bool run(Bytes bytes) {
  const std::string_view all = text_of(bytes);
  const size_t zero = all.find('\0');
  const std::string_view text = all.substr(0, zero);
  const std::string_view annotation = zero == all.npos ? "" : all.substr(zero + 1);
  int64_t documents = 0;
  const bool taken = read(text, annotation, false, documents);
  if (!taken) read(text, annotation, true, documents);
  return taken && documents > 0;
}

}  // namespace

const Target& target_brat() {
  static const Target target{"brat", run};
  return target;
}

}  // namespace relatum::fuzz
