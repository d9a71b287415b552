// Documents read, their entities found and their pairs asked, and the results kept.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/context.h"
#include "graph/documents/read_documents.h"
#include "graph/sentences.h"
#include "jobs/answerer.h"
#include "jobs/graph_setup.h"

namespace relatum::jobs {

/// What reading came to.
struct GraphCounts {
  graph::DocumentCounts documents;  ///< `unwanted`: those that had not changed
  int64_t kept = 0;                 ///< documents whose results were put into the store
  int64_t sentences = 0, mentions = 0, candidates = 0;
  int64_t too_long = 0;  ///< pairs that the model's context does not hold
  std::string first_too_long;
  GraphPairCounts pairs;  ///< `asked`: without those
  double seconds = 0;
};

/// What a result is known by in a store, beside the document's own hash.
struct GraphIdentity {
  std::string adapter, settings;
};

/// Documents come one by one. Their entities are found for many sentences at once, and their pairs
/// asked in full batches, so several small documents are in hand together; they are kept in one
/// transaction, and each set of them begins where the last one ended. So what a document gives
/// depends on which others are read in the same set, within rounding, and after a kill the next
/// process cuts the rest into the same sets: the same bytes come out.
class GraphReading {
 public:
  GraphReading(GraphSetup& setup, const GraphIdentity& identity, Answerer& answerer,
               graph::GraphStore& store, const Context& context);

  /// Reads all documents that the store does not hold already. Throws Stopped where the context
  /// stops, and Error; either way what was kept stays in the store, and what is in hand is lost.
  void run(graph::DocumentOptions options);
  const GraphCounts& counts() const { return counts_; }
  /// Of all documents that there are, read or not.
  const std::set<std::string>& ids() const { return ids_; }

 private:
  // A document whose entities are not looked for yet.
  struct Waiting {
    graph::SourceDocument source;
    std::vector<graph::Stretch> sentences;
  };
  void take(graph::SourceDocument&& document, uint64_t bytes_read);
  void find_entities();
  void answer();
  void answer_block(std::span<const AskedPair> pairs, size_t before);
  void report(double of_set) const;

  GraphSetup& setup_;
  const GraphIdentity& identity_;
  Answerer& answerer_;
  graph::GraphStore& store_;
  const Context& context_;
  Context inner_;  // the same without progress, which is that of all documents
  GraphPairs pairs_;
  graph::SentenceSplitter plain_, markdown_, pages_;
  GraphCounts counts_;
  std::set<std::string> ids_;
  std::vector<Waiting> waiting_;
  size_t waiting_sentences_ = 0, set_sentences_ = 0;
  std::vector<std::unique_ptr<OpenDocument>> set_;  // with entities, not yet answered
  std::vector<AskedPair> asked_;                    // of the set
  uint64_t bytes_before_ = 0, bytes_read_ = 0;      // of the set's documents: up to their end
};

}  // namespace relatum::jobs
