// HTML pages: their encoding, their readable text, and its sentences.
#include "../texts.h"
#include "base/utf8.h"
#include "graph/documents/document_text.h"
#include "graph/sentences.h"

namespace relatum::fuzz {
namespace {

bool run(Bytes bytes) {
  std::string text;
  if (!accepts([&] {
        text = graph::document_text(text_of(bytes), graph::DocumentForm::kHtml, "a.html");
      })) {
    return false;
  }
  require_utf8(text);
  require(text.find('\0') == text.npos, "a document has no U+0000");
  static const graph::SentenceSplitter splitter(graph::rules_of(graph::DocumentForm::kHtml));
  int64_t last = 0;
  for (const task::Piece& each : splitter.split(text)) {
    require(last <= each.start && each.start < each.end, "sentences follow one another");
    last = each.end;
  }
  require(last <= utf8_length(text), "sentences lie in their text");
  return true;
}

}  // namespace

const Target& target_page() {
  static const Target target{"page", run};
  return target;
}

}  // namespace relatum::fuzz
