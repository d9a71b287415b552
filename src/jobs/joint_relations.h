// The relations between entities that were found in documents.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/answerer.h"
#include "jobs/graph_pairs.h"

namespace relatum::jobs {

/// A document with what was found in it.
struct FoundDocument {
  std::string_view id, text;
  std::vector<task::Piece> sentences;
  std::vector<graph::Mention> mentions;  ///< in the order in which they are written
};

/// An answer other than the label that means none; ends by their places in the mentions.
struct FoundRelation {
  size_t head = 0, tail = 0;
  std::string label;
  std::optional<double> probability{};  ///< nothing where the way of answering gives none
};

class JointRelations {
 public:
  /// `options` as the answerer was opened with; both outlive it.
  JointRelations(const ExtractOptions& options, const ExtractSetup& setup, Answerer& answerer);

  /// The relations of each document, in the order of the pairs (GraphPairs::add): pairs of one
  /// sentence, of types that the run's training data had a relation between. A pair that is too
  /// long for the model has none. Throws Stopped where the context stops.
  std::vector<std::vector<FoundRelation>> find(std::span<FoundDocument> documents,
                                               const Context& context);
  /// Whether one of the labels means that there is none.
  bool has_negative() const { return negative_.has_value(); }
  /// What was asked, and how many pairs were too long.
  const GraphPairs& pairs() const { return pairs_; }
  int64_t too_long() const { return answerer_.counts().too_long; }

 private:
  Answerer& answerer_;
  GraphPairRules rules_;
  std::optional<std::string> negative_;
  GraphPairs pairs_;
};

}  // namespace relatum::jobs
