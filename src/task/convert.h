// Documents written in the formats that other programs read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "task/document.h"

namespace relatum::task {

/// Takes documents one by one. Nothing of a document is lost but what remarks() names.
class DocumentWriter {
 public:
  virtual ~DocumentWriter() = default;
  virtual void add(const Document& document) = 0;
  /// To be called once, after the last document.
  virtual void finish() {}
  /// What others may stumble over, or what was left out; whole sentences.
  virtual std::vector<std::string> remarks() const { return {}; }
};

/// Takes the next part of a file.
using Put = std::function<void(std::string_view)>;

/// Whether a document is a pair whose text has no marks, <e1> and the like, which would be taken
/// for entities' marks where rows of pairs are read.
bool is_plain_pair(const Document& document);

/// {"id","text","head","tail","label"} for pairs, {"id","text","entities","relations"} for
/// documents.
std::unique_ptr<DocumentWriter> jsonl_writer(Put put);
/// TACRED's JSON array, a row for each label of each pair. Tokens are the text cut at white space
/// and at the ends of entities; where they do not give the text back when joined by one space, it
/// stands beside them as `text`, with `token_start`. A document's first row has its `entities`, and
/// `subj_id` and `obj_id` name those of the row. A document without a relation is a row without
/// subject and object.
std::unique_ptr<DocumentWriter> tacred_writer(Put put);
/// Whether a table has no row of a pair for it: it is no plain pair, or has several labels.
bool needs_document_row(const Document& document);
/// The columns of our tables and, once documents come, `document`, `head_id`, `tail_id`, `entities`
/// and `evidence` (JSON). Line ends within texts become LF, and offsets with them. `documents`:
/// whether any needs_document_row(), as the header comes first.
std::unique_ptr<DocumentWriter> csv_writer(Put put, bool documents);
/// A pair of files, ID.txt and ID.ann, for each document below `folder`. What brat has no place for
/// (other ids than T and a number, entities without a type, evidence, documents without labels)
/// stands in notes that our reader understands. Throws Error where a file cannot be written.
std::unique_ptr<DocumentWriter> brat_writer(std::filesystem::path folder);

/// Where brat looks for the types and labels of a folder.
inline constexpr const char* kBratConfiguration = "annotation.conf";
/// What stands there for these types and labels.
std::string brat_configuration(const std::vector<std::string>& types,
                               const std::vector<std::string>& labels);
/// What brat has to say of names that it cannot take, its own being of A-Z, a-z, 0-9, "_" and "-";
/// "": nothing.
std::string brat_remark(const std::vector<std::string>& names);

/// "jsonl", "tacred", "csv", "brat", "labelstudio" (task/write_labelstudio.h).
const std::vector<std::string>& written_formats();

}  // namespace relatum::task
