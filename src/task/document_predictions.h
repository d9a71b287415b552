// What was found in documents: predictions in the form of documents, and the join with the gold.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "task/document.h"

namespace relatum::task {

/// Reads predictions of documents, JSON lines or a JSON array of
/// {"id","entities":[{"id","start","end","type","probability"}],"relations":[{"head","tail",
/// "label","probability"}]}; the form of documents (task/json_document.h), whose `text` may be left
/// out. Probabilities may be left out, too; they are checked and change no figure. A row without
/// `relations` is Document::unlabelled. Throws Error with file and line, also where there are none
/// unless it `may_be_empty`.
std::vector<Document> read_document_predictions(const std::filesystem::path& path,
                                                bool may_be_empty = false);

/// Documents of the gold, in their order, from one SPEC.
struct GoldDocuments {
  std::string name;  ///< the SPEC
  std::vector<Document> documents;
};

/// One prediction per document, by id as join_ids() has it, settled on the document's text; an
/// empty one where it is missing and that counts as wrong. Throws Error with `file` and line where
/// a prediction has another text, spans that leave it, or what else settle() refuses.
std::vector<Document> join_documents(const GoldDocuments& gold, std::vector<Document> predictions,
                                     const std::string& file, bool missing_is_wrong);

}  // namespace relatum::task
