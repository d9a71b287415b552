// Scores of entities and of relations end to end, over documents.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "task/document_counts.h"
#include "task/document_predictions.h"
#include "task/interval.h"

namespace relatum::task {

struct DocumentScoreOptions {
  bool relations = true;              ///< false: entities alone, relations are not looked at
  std::set<std::string> symmetric{};  ///< labels whose two directions are one relation
  /// The label that means no relation; nothing: no_relation or Other, whichever the data have, else
  /// no_relation. Relations with it are none.
  std::optional<std::string> negative{};
  bool missing_is_wrong = false;  ///< a document without a prediction counts as an empty one
  int64_t samples = 1000;         ///< of the bootstrap; 0: no intervals
  uint64_t seed = 1;
};

/// One figure with its 95 % interval over documents; none for a single document.
struct SpanFigure {
  Tally tally;
  std::optional<Interval> interval{};  ///< of the F1
};

struct DocumentReport {
  std::string data;  ///< the SPEC
  bool relations = true;
  int64_t documents = 0, missing = 0;
  SpanFigure entities_strict, entities_boundaries, relations_strict, relations_boundaries;
  DocumentCounts counts;              ///< of all documents
  std::set<std::string> symmetric;    ///< those of the options that gold or predictions have
  std::vector<std::string> warnings;  ///< a sentence each

  /// What the data are judged by: relations_strict, or entities_strict where only they are scored.
  const SpanFigure& official() const { return relations ? relations_strict : entities_strict; }
};

/// The plain mean of precision, recall and F1 over the names that the gold has; all 0 without one.
Scores mean_over_gold(const TallyByName& counts);

/// Scores predictions of documents, `file` being theirs. Strict and boundaries are the terms of
/// "Let's Stop Incorrect Comparisons in End-to-end Relation Extraction!" (Taillé et al. 2020);
/// SpERT (Eberts & Ulges 2020) judges CoNLL04 by the one, SciERC's relations by the other. Throws
/// Error for repeated, missing and extra ids, as join_documents() does, for data that are pairs,
/// and with relations where a document of the data, or a prediction, does not say which there are.
DocumentReport score_documents(const GoldDocuments& gold, std::vector<Document> predictions,
                               const std::string& file, const DocumentScoreOptions& options = {});

}  // namespace relatum::task
