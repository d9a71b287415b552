// A document as it comes in: its text, and what says which document it is.
#pragma once

#include <string>
#include <vector>

#include "graph/document_result.h"

namespace relatum::graph {

/// What a document is read from.
enum class DocumentForm { kText, kMarkdown, kHtml, kPdf, kJsonLines, kTable };

struct SourceDocument {
  /// The same from run to run: the path below the folder that was named, the name of a file that
  /// was named itself, a row's own id, or that of its file with its line ("rows.jsonl:3").
  std::string id;
  std::string source;  ///< its path as it was given, of a row with its line; "stdin" of that
  DocumentForm form = DocumentForm::kText;
  std::string text;    ///< valid UTF-8 without U+0000; all spans count its code points
  std::string sha256;  ///< of the file's bytes; of a row that of its text and its entities
  std::vector<Mention> entities{};  ///< that a row gives; their texts and spans agree with `text`
};

}  // namespace relatum::graph
