// Finds the entities that documents mention: by a list of names, by a model, or as they were given.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/context.h"
#include "graph/document_result.h"

namespace relatum::graph {

/// A document as a finder sees it.
struct DocumentView {
  std::string_view id, text;           ///< valid UTF-8
  std::span<const Stretch> sentences;  ///< in the order of the text, as SentenceSplitter gives them
  std::span<const task::Entity> given;  ///< entities that came with the document; mostly none
};

/// The mentions of one document.
using Mentions = std::vector<Mention>;

class EntityFinder {
 public:
  virtual ~EntityFinder() = default;

  /// The mentions of each document, in the order of in_order(), each once; fewer documents where
  /// `context` stops. Spans are in code points of the document, Mention::text is their slice
  /// (CodePoints), probabilities are from 0 to 1. A mention may cross the end of a sentence or lie
  /// between two; it is then kept, but may have no pairs. Several documents come in one call so
  /// that a model can be asked in full batches: what is found in one may depend on the documents of
  /// the same call within rounding, and on nothing that came before. Not called by several threads
  /// at once.
  virtual std::vector<Mentions> find(std::span<const DocumentView> documents,
                                     const Context& context) = 0;

  /// All that decides what is found, by content, on one line: where it differs, a document that was
  /// read before is read again. A model gives the hashes of its weights, a list that of its names.
  virtual std::string identity() const = 0;
};

/// By start, then the longer one first, then by type, gazetteer's id and probability, the surer one
/// first.
bool in_order(const Mention& a, const Mention& b);

/// Several finders as one. Mentions with one span and one type are one, as sure as the surest of
/// them; where some of them have ids of a gazetteer, there is one for each id, and none without.
/// All others stay, overlapping and nested ones, too.
class EntityFinders : public EntityFinder {
 public:
  explicit EntityFinders(std::vector<std::unique_ptr<EntityFinder>> finders)
      : finders_(std::move(finders)) {}
  std::vector<Mentions> find(std::span<const DocumentView> documents,
                             const Context& context) override;
  std::string identity() const override;

 private:
  std::vector<std::unique_ptr<EntityFinder>> finders_;
};

/// What EntityFinders does with the mentions of one document.
Mentions joined(Mentions mentions);

}  // namespace relatum::graph
