// Small files of annotation tools, and what is read of them.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "../support.h"
#include "base/utf8.h"
#include "task/load.h"

namespace relatum::task::testing {

/// Examples as "id|marked text|head type>tail type|labels".
inline std::vector<std::string> pairs_of(const std::string& spec, const LoadOptions& options = {}) {
  std::vector<std::string> out;
  for (const Example& example : load_dataset(spec, options).examples) {
    std::string labels;
    for (const std::string& label : gold_labels(example)) {
      labels += (labels.empty() ? "" : "+") + label;
    }
    out.push_back(example.id + "|" + marked_text(example) + "|" + example.head.type + ">" +
                  example.tail.type + "|" + labels);
  }
  return out;
}

/// All documents of a SPEC.
inline std::vector<Document> documents_of(const std::string& spec, bool skip = false) {
  LoadOptions options;
  options.keep_unknown_labels = true;
  options.skip_bad_rows = skip;
  std::vector<Document> documents;
  read_documents(parse_spec(spec), options,
                 [&](Document&& document) { documents.push_back(std::move(document)); });
  return documents;
}

/// A document as "id: entity=text:TYPE …; head-label>tail …".
inline std::string told(const Document& document) {
  std::string text = document.id + ":";
  for (const Entity& entity : document.entities) {
    std::string there;
    std::vector<Piece> pieces = entity.pieces;
    if (pieces.empty()) pieces = {{entity.span.start, entity.span.end}};
    for (const Piece& piece : pieces) {
      there += (there.empty() ? "" : "…");
      there += utf8_slice(document.text, piece.start, piece.end);
    }
    text += " " + entity.id + "=" + there + ":" + entity.span.type;
    if (!entity.cluster.empty()) text += "@" + entity.cluster;
    if (entity.probability) text += fmt::format("/{}", *entity.probability);
  }
  for (const Relation& relation : document.relations) {
    text += " " + relation.head + "-" + relation.label + ">" + relation.tail;
  }
  return text + (document.unlabelled ? " (unlabelled)" : "") + (document.pair ? " (pair)" : "");
}

/// What a file of this name and text is told to be.
inline std::vector<std::string> told_of(const std::string& name, const std::string& text) {
  const Scratch scratch;
  std::vector<std::string> out;
  for (const Document& document : documents_of(scratch.file(name, text))) {
    out.push_back(told(document));
  }
  return out;
}

inline std::string refusal_of(const std::string& name, const std::string& text,
                              const std::string& format = "") {
  const Scratch scratch;
  return error_of([&] { documents_of(format + scratch.file(name, text)); });
}

}  // namespace relatum::task::testing
