// Neighbours for examples, from an index folder and its embedder.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "jobs/host.h"
#include "task/load.h"
#include "task/prediction.h"

namespace relatum::retrieve {
class Embedder;
}

namespace relatum::jobs {

/// The stored examples of each query, and how they are told in predictions.
struct Retrieved {
  std::vector<std::vector<task::Example>> examples;
  std::vector<std::vector<task::NeighbourRef>> references;
  int64_t overlap = 0;  ///< queries whose first example has the same text

  /// Those of query i, as prompts are rendered with them; none where nothing was retrieved.
  std::vector<const task::Example*> of(size_t i) const {
    std::vector<const task::Example*> own;
    if (examples.empty()) return own;
    for (const task::Example& example : examples.at(i)) own.push_back(&example);
    return own;
  }
};

/// What --examples takes.
inline constexpr const char* kNearestExamples = "nearest";
inline constexpr const char* kRandomExamples = "random";

/// How many stored examples a query gets, and which.
struct ExampleChoice {
  int64_t count = 1;
  /// Random ones, drawn by it and by the query's own id and text; nothing: the nearest.
  std::optional<uint64_t> random_seed{};
};
/// The choice that is called `kind`. Throws Error where it is none of the names above.
ExampleChoice example_choice(int64_t count, const std::string& kind, uint64_t seed);
/// What a state or an unfinished output is known by; empty for the nearest, as earlier versions
/// knew no others.
std::string random_identity(const ExampleChoice& choice);

/// Which data the queries are: training and dev data never retrieve their own text.
enum class QueryKind { kTraining, kTest };

class Retrieval {
 public:
  /// Opens an index folder; the embedder, or the run whose states the index holds, is the one that
  /// the index names, or `embedder` (which is refused where its hash differs).
  Retrieval(const std::filesystem::path& index, const std::string& embedder,
            const std::string& models, const Host& host);
  ~Retrieval();

  /// Rows of the index with the text (after normalised_text()) or, where `by_id`, the id of one of
  /// these examples are nobody's neighbour from now on. Gives their number.
  int64_t exclude(const std::vector<task::Example>& examples, bool by_id);
  /// Similarities are computed for random examples, too.
  Retrieved find(std::span<const task::Example> queries, const ExampleChoice& choice,
                 QueryKind kind, const Context& context);
  /// The embedder that it looks things up with; nullptr where a run's states do.
  retrieve::Embedder* embedder();
  /// What the index holds, as one hash.
  const std::string& hash() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Makes data and index agree on the labels: an inventory that was only collected from the data
/// becomes the index's; any other must have every label of the index. Throws Error that names a
/// label that is missing, and where.
void settle_labels(task::Dataset& data, const std::filesystem::path& index);
/// The same with the index's labels at hand; `place` says in a sentence where they are from.
void settle_labels(task::Dataset& data, const task::Labels& labels, const std::string& place);

}  // namespace relatum::jobs
