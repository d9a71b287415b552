// Rows whose label is doubted: by a model that was not trained on them, and by their neighbours.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "task/load.h"
#include "task/prediction.h"

namespace relatum::task {

/// A labelled neighbour of a row.
struct LabelledNeighbour {
  std::string label;
  double similarity = 0;  ///< cosine
};

struct DoubtfulRow {
  Example example;
  std::string answer;                 ///< the model's
  double model_doubt = 0;             ///< 1 - the model's probability of the row's label
  std::optional<double> probability;  ///< of the answer
  double neighbour_doubt = 0;         ///< 1 - the share of similarity that has the row's label
  std::string neighbours_label;       ///< with the largest share; empty: no neighbour
  double neighbours_share = 0;        ///< its share
  bool both = false;                  ///< neither the model nor the neighbours have the row's label
  double doubt = 0;                   ///< model_doubt · neighbour_doubt: what rows are ranked by
};

/// All rows, the most doubtful first; equal ones in the data's order. Answers have to come from a
/// model that did not see the row (finetune --folds). Where predictions keep no `scores`, a label
/// that was not answered has as much doubt as the answer has probability. A row with several labels
/// is doubted only as far as none of them is answered. Who says nothing doubts nothing: a model
/// without an answer (a row that is too long, an unparsed text, with `missing_is_wrong` a row that
/// was left out), a row without neighbours. Throws Error for rows without a label, and as
/// join_predictions() does.
std::vector<DoubtfulRow> doubtful_rows(const Dataset& data, std::span<const Prediction> predictions,
                                       std::span<const std::vector<LabelledNeighbour>> neighbours,
                                       bool missing_is_wrong = false);

/// The first `most` of all rows.
std::string noise_json(std::span<const DoubtfulRow> rows, size_t most);
std::string noise_text(const std::string& data, std::span<const DoubtfulRow> rows, size_t most);

}  // namespace relatum::task
