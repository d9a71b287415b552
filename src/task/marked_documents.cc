// Rows are grouped by the whole text, code point by code point.
#include "task/marked_documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/printable.h"

namespace relatum::task {
namespace {

// The id of the entity that stands there in the document, which it is added to where it lacks.
std::string entity_id(const Span& span, Document& document) {
  for (const Entity& known : document.entities) {
    const bool same = known.span.start == span.start && known.span.end == span.end &&
                      known.span.type == span.type;
    if (same) return known.id;
  }
  document.entities.push_back({fmt::format("T{}", document.entities.size() + 1), span});
  return document.entities.back().id;
}

bool has(const Document& document, const Relation& wanted) {
  return std::ranges::any_of(document.relations, [&](const Relation& each) {
    return each.head == wanted.head && each.tail == wanted.tail && each.label == wanted.label;
  });
}

}  // namespace

void MarkedDocuments::add(Document&& row, const std::string& file) {
  if (!row.pair) {
    fail(
        "task.load",
        fmt::format("{}: 'entities=marked' is for rows that mark one pair, and document '{}' lists "
                    "its entities itself. Leave it out.",
                    full_place(row.file.empty() ? file : row.file, place_of(row)),
                    printable_start(row.id, 40)));
  }
  const auto [at, fresh] = by_text_.emplace(row.text, documents_.size());
  if (fresh) {
    Document& made = documents_.emplace_back();
    made.id = row.id;
    made.text = row.text;
    made.line = row.line;
    made.row = row.row;
    made.file = row.file;
    made.adapter = row.adapter;
  }
  Document& document = documents_[at->second];
  if (!fresh && document.unlabelled != row.unlabelled) {
    fail("task.load",
         fmt::format("{}: of the rows of one text, '{}' has a label and '{}' has none, and with "
                     "entities=marked they are one document. Give all of them labels, or none.",
                     full_place(row.file.empty() ? file : row.file, place_of(row)),
                     printable_start(row.unlabelled ? document.id : row.id, 40),
                     printable_start(row.unlabelled ? row.id : document.id, 40)));
  }
  document.unlabelled = row.unlabelled;
  std::map<std::string, std::string> ids;
  for (const Entity& entity : row.entities) ids[entity.id] = entity_id(entity.span, document);
  for (Relation relation : row.relations) {
    relation.head = ids.at(relation.head);
    relation.tail = ids.at(relation.tail);
    if (!has(document, relation)) document.relations.push_back(std::move(relation));
  }
}

std::vector<Document> MarkedDocuments::take() {
  by_text_.clear();
  return std::exchange(documents_, {});
}

}  // namespace relatum::task
