// Checks what readers found; spans are measured once per document, not once per entity.
#include "task/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_set>

#include "base/code_points.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "io/text_file.h"
#include "task/forms.h"
#include "text/unicode.h"

namespace relatum::task {
namespace {

// Of a pair's entities.
constexpr const char* kHeadId = "T1";
constexpr const char* kTailId = "T2";

std::string shown(std::string_view text) { return printable_start(text, 40); }

/// What is wrong with an entity of a text of `length` code points, or "".
std::string entity_problem(const Entity& entity, int64_t length) {
  if (entity.id.empty()) return "an entity has no id";
  const Span& span = entity.span;
  if (span.start < 0 || span.end > length) {
    return fmt::format("entity '{}' reaches from {} to {}, and the text has {} characters",
                       shown(entity.id), span.start, span.end, length);
  }
  if (span.start >= span.end) {
    return fmt::format("entity '{}' from {} to {} is empty", shown(entity.id), span.start,
                       span.end);
  }
  return "";
}

bool is_blank(std::string_view text) { return text::without_white_space(text).empty(); }

std::string encoding_problem(const Document& document) {
  const auto odd = [](std::string_view text) {
    return utf8_valid(text) ? std::string() : io::encoding_problem(text, false);
  };
  for (const std::string& text : {document.id, document.text}) {
    if (const std::string problem = odd(text); !problem.empty()) return problem;
  }
  for (const Entity& entity : document.entities) {
    for (const std::string& text : {entity.id, entity.span.type}) {
      if (const std::string problem = odd(text); !problem.empty()) return problem;
    }
  }
  for (const Relation& relation : document.relations) {
    if (const std::string problem = odd(relation.label); !problem.empty()) return problem;
  }
  return "";
}

std::string settle_entities(Document& document) {
  const CodePoints places(document.text);
  std::unordered_set<std::string> ids;
  for (Entity& entity : document.entities) {
    if (const std::string problem = entity_problem(entity, places.length()); !problem.empty()) {
      return problem;
    }
    if (is_blank(places.slice(entity.span.start, entity.span.end))) {
      return fmt::format("entity '{}' from {} to {} is blank", shown(entity.id), entity.span.start,
                         entity.span.end);
    }
    if (!ids.insert(entity.id).second) {
      return fmt::format("two entities have the id '{}'", shown(entity.id));
    }
    entity.span.type = seen_form(entity.span.type);
  }
  return "";
}

std::string settle_relations(Document& document) {
  std::unordered_set<std::string_view> ids;
  for (const Entity& entity : document.entities) ids.insert(entity.id);
  std::set<std::string> seen;
  std::vector<Relation> kept;
  for (Relation& relation : document.relations) {
    for (const std::string& end : {relation.head, relation.tail}) {
      if (!ids.contains(end)) {
        return fmt::format("the relation '{}' names an entity '{}' that is not there",
                           shown(relation.label), shown(end));
      }
    }
    relation.label = seen_form(relation.label);
    if (relation.label.empty()) {
      return fmt::format("the relation from '{}' to '{}' has no label", shown(relation.head),
                         shown(relation.tail));
    }
    const std::string key = relation.head + '\n' + relation.tail + '\n' + relation.label;
    if (seen.insert(key).second) kept.push_back(std::move(relation));
  }
  document.relations = std::move(kept);
  return "";
}

// Nothing that a row of a pair has no place for: as document_of() makes it.
bool is_one_pair(const Document& document) {
  const auto plain = [](const Entity& entity, const char* id) {
    return entity.id == id && entity.pieces.empty() && entity.cluster.empty() &&
           !entity.probability;
  };
  return document.entities.size() == 2 && plain(document.entities[0], kHeadId) &&
         plain(document.entities[1], kTailId) &&
         document.unlabelled == document.relations.empty() &&
         std::ranges::all_of(document.relations, [](const Relation& relation) {
           return relation.head == kHeadId && relation.tail == kTailId && relation.evidence.empty();
         });
}

}  // namespace

Place place_of(const Document& document) { return {document.file, document.line, document.row}; }

Document document_of(const Example& example) {
  Document document;
  document.id = example.id;
  document.text = example.text;
  document.entities = {{kHeadId, example.head}, {kTailId, example.tail}};
  for (std::string& label : gold_labels(example)) {
    document.relations.push_back({kHeadId, kTailId, std::move(label)});
  }
  document.line = example.line;
  document.row = example.row;
  document.file = example.file;
  document.unlabelled = document.relations.empty();
  document.pair = true;
  return document;
}

const Entity* find_entity(const Document& document, std::string_view id) {
  for (const Entity& entity : document.entities) {
    if (entity.id == id) return &entity;
  }
  return nullptr;
}

Entity entity_of(std::string id, std::string type, std::vector<Piece> pieces) {
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    return std::pair(a.start, a.end) < std::pair(b.start, b.end);
  });
  std::vector<Piece> joined;
  for (const Piece& piece : pieces) {
    if (!joined.empty() && piece.start <= joined.back().end) {
      joined.back().end = std::max(joined.back().end, piece.end);
    } else {
      joined.push_back(piece);
    }
  }
  Entity entity{std::move(id), {joined.front().start, joined.back().end, std::move(type)}};
  if (joined.size() > 1) entity.pieces = std::move(joined);
  return entity;
}

std::string settle(Document& document) {
  if (const std::string odd = encoding_problem(document); !odd.empty()) {
    return "the document is not UTF-8: it " + odd;
  }
  if (is_blank(document.text)) return "the document has no text";
  if (const std::string problem = settle_entities(document); !problem.empty()) return problem;
  const std::string problem = settle_relations(document);
  document.pair = document.pair && is_one_pair(document);
  return problem;
}

}  // namespace relatum::task
