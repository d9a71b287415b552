// `--task joint` and `--pairs sentences`: the pairs of documents' sentences, learned beside the
// entities in them or alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "jobs/finetune_data.h"
#include "jobs/finetune_options.h"
#include "jobs/host.h"

namespace relatum::jobs {

/// The label of pairs without a relation where the data name none.
inline constexpr const char* kNoRelation = "no_relation";

/// What dev figures are called where a run learns both: the mean of two F1.
inline constexpr const char* kJointMetric = "entities_and_relations";

bool learns_both(const FinetuneOptions& options);
/// Throws Error for options that a run that learns both knows nothing of.
void check_joint(const FinetuneOptions& options);

/// Whether it learns the pairs of documents' sentences, and no entities (--pairs sentences).
bool learns_sentences(const FinetuneOptions& options);
/// Whether its rows are the pairs of sentences, with entities beside them or alone.
inline bool asks_sentences(const FinetuneOptions& options) {
  return learns_both(options) || learns_sentences(options);
}
/// Throws Error where --pairs stands beside what it cannot be honoured with.
void check_pairs(const FinetuneOptions& options);

/// The documents of the options, and as examples the pairs of their entities as a graph asks them
/// (graph_pairs.h): those of one sentence, each direction, or where labels name their direction the
/// one in the order of the text. Of types that training pairs with a relation have; a pair that no
/// relation names has the label that means none. What is not learned is told: relations across a
/// sentence's end, and documents of which nobody said which relations they have. A run that learns
/// pairs alone gets no entities. Throws Error where no pair of the training data has a relation.
FinetuneData load_joint(const FinetuneOptions& options, const Host& host);

/// Numbers of sentences, whose words and pairs belong together.
class SentenceGroups {
 public:
  /// The same for a document's sentence as it stands there and as its pairs have it.
  int64_t of(const std::string& document, std::string_view sentence);

 private:
  std::map<std::pair<std::string, std::string>, int64_t> groups_;
};

}  // namespace relatum::jobs
