// The pairs of a document's mentions that a model is asked for, and what its answers become.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/document_result.h"
#include "graph/schema.h"
#include "jobs/nearest_pairs.h"
#include "task/example.h"
#include "task/labels.h"
#include "task/prediction.h"
#include "task/type_constraints.h"

namespace relatum::jobs {

/// A label as a graph has it: works_for(e2,e1) is the relation works_for from the tail to the head.
struct EdgeLabel {
  std::string relation;
  bool reversed = false;
  bool negative = false;  ///< it means that there is no relation
};

/// Of each label of an inventory. `negative`: its place in it.
std::vector<EdgeLabel> edge_labels(const task::Labels& labels, std::optional<int32_t> negative);
/// Whether labels name their direction, so that a pair is asked once: the entity that stands first
/// in the text is its head, as in the data that such labels come from.
bool asked_once(const task::Labels& labels);

struct GraphPairRules {
  task::Labels labels;
  std::optional<int32_t> negative{};  ///< the label of no relation
  graph::Schema schema{};
  std::optional<task::TypeConstraints> types{};  ///< as the run's training data had them
  size_t window = 1;                             ///< sentences that are asked together
  std::optional<int64_t> most_distance{};        ///< code points between two mentions
  int64_t most_pairs = 200;                      ///< pairs of mentions in one window
  double floor = 0.01;
};

/// A question: one ordered pair, by places in DocumentResult::mentions.
struct AskedPair {
  size_t document = 0;  ///< which of several
  size_t head = 0, tail = 0;
  graph::Stretch window;  ///< the text that is read
};

/// Ordered pairs, those that are asked and those that are not.
struct GraphPairCounts {
  int64_t asked = 0;
  int64_t other_types = 0;  ///< no label is for entities of these types
  int64_t too_far = 0;      ///< more than most_distance between them
  int64_t beyond = 0;       ///< beyond most_pairs of their window
};

/// Why a pair is not asked.
enum class NotAsked {
  kNoWindow,  ///< no sentence, or window, holds both ends
  kOne,       ///< they have one span, or are one thing
  kTypes,     ///< no label is for entities of these types
  kTooFar,    ///< more than most_distance between them
  kBeyond     ///< beyond most_pairs of their window
};

/// A result whose text is looked at by code points; it stays where it is.
struct OpenDocument {
  explicit OpenDocument(graph::DocumentResult&& all)
      : result(std::move(all)), points(result.text) {}
  OpenDocument(const OpenDocument&) = delete;
  OpenDocument& operator=(const OpenDocument&) = delete;

  graph::DocumentResult result;
  CodePoints points;
};

/// A window's text as pairs have it: line ends and tabs are blanks.
std::string on_one_line(std::string_view text);

class GraphPairs {
 public:
  explicit GraphPairs(GraphPairRules rules);

  /// Appends the document's questions: window by window, in the order of the mentions, a pair's two
  /// directions one after the other. Two mentions are a pair where a window holds both (windows.h),
  /// unless they have one span, or one type, name and gazetteer's id, as an edge has two ends. Of a
  /// window with more pairs than most_pairs those are asked whose mentions are nearest to one
  /// another, of equally near ones the earlier. Memory is that of the mentions and of what is
  /// asked.
  void add(const graph::DocumentResult& result, size_t document, std::vector<AskedPair>& pairs);
  const GraphPairCounts& counts() const { return counts_; }
  int64_t most_pairs() const { return rules_.most_pairs; }
  /// Of ordered pairs of the document's mentions that add() did not append: why.
  std::vector<NotAsked> why_not(const graph::DocumentResult& result,
                                std::span<const std::pair<size_t, size_t>> pairs);

  /// As the model is asked: the window's text, its line ends and tabs as blanks.
  task::Example example(const OpenDocument& document, const AskedPair& pair) const;
  /// Adds a candidate edge for each label but the negative one that is at least as probable as the
  /// floor. `scores`: of all labels, in the inventory's order.
  void add_edges(const AskedPair& pair, const task::Prediction& prediction,
                 graph::DocumentResult& result) const;

 private:
  bool fits(const std::string& head, const std::string& tail);
  bool any_label_fits(const std::string& head, const std::string& tail) const;
  Directions directions(const std::string& first, const std::string& second);

  GraphPairRules rules_;
  std::vector<EdgeLabel> labels_;
  bool once_;
  std::map<std::pair<std::string, std::string>, bool> fits_;  // by types of head and tail
  GraphPairCounts counts_;
};

}  // namespace relatum::jobs
