// Neighbours for examples, from an index folder and its embedder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/environment.h"
#include "task/example.h"
#include "task/prediction.h"

namespace relatum::app {

/// The nearest stored examples of each query, and how they are told in predictions.
struct Retrieved {
  std::vector<std::vector<task::Example>> examples;
  std::vector<std::vector<task::NeighbourRef>> references;
  int64_t overlap = 0;  ///< queries whose nearest neighbour has the same text
};

/// Which data the queries are: training and dev data never retrieve their own text.
enum class QueryKind { kTraining, kTest };

class Retrieval {
 public:
  /// Opens an index folder; the embedder is the one that the index names, or `embedder` (which is
  /// refused where its hash differs).
  Retrieval(const std::filesystem::path& index, const std::string& embedder,
            const std::string& models, const Environment& environment);
  ~Retrieval();

  Retrieved find(const std::vector<task::Example>& queries, int64_t k, QueryKind kind,
                 const Context& context);
  /// Labels of the index's inventory, in its order.
  const std::vector<std::string>& labels() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace relatum::app
