// What a run that learned the pairs of sentences is asked of documents whose entities are marked.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "graph/document_result.h"
#include "graph/sentences.h"
#include "jobs/extract_setup.h"
#include "jobs/graph_pairs.h"
#include "task/document.h"

namespace relatum::jobs {

/// Whether it learned the pairs of sentences, so that it asks for these.
inline bool asks_sentences(const ExtractSetup& setup) { return setup.run && setup.run->sentences; }

/// A document as pairs are asked of it.
struct MarkedDocument {
  /// Its id, text, mentions in the order of the text, and sentences, of which none ends within a
  /// mention, as in training.
  graph::DocumentResult result;
  std::vector<size_t> entities;  ///< of each mention the place of its entity in the document
};
MarkedDocument marked_document(const task::Document& document,
                               const graph::SentenceSplitter& splitter);

/// These labels, with the types that the run has learned, or the options name.
GraphPairRules joint_rules(const ExtractOptions& options, task::Labels labels,
                           const std::optional<std::string>& negative);

class JointPairs {
 public:
  explicit JointPairs(GraphPairRules rules) : pairs_(std::move(rules)) {}

  /// Hands on the document's pairs (GraphPairs::add) as the model is asked, in their order and
  /// without labels; their ids are DOCUMENT:HEAD:TAIL. A document that is a pair is that pair, as
  /// it stands there, but that entities without a type are called kUntyped, as in training.
  void each(const task::Document& document, const std::function<void(task::Example&&)>& take);
  /// One warning of pairs that were not asked, as their sentence has too many.
  void tell(const Context& context) const;

 private:
  graph::SentenceSplitter splitter_{graph::SentenceRules{}};
  GraphPairs pairs_;
};

/// The same of any pairs.
void tell_beyond(const GraphPairs& pairs, const Context& context);

}  // namespace relatum::jobs
