// Writes a line of predictions.jsonl.
#include "task/prediction.h"

#include <nlohmann/json.hpp>

namespace relatum::task {

using nlohmann::ordered_json;

std::string to_json(const Prediction& prediction) {
  ordered_json row;
  row["id"] = prediction.id;
  if (!prediction.adapter.empty()) row["adapter"] = prediction.adapter;
  row["label"] = prediction.label ? ordered_json(*prediction.label) : ordered_json();
  row["probability"] = prediction.probability ? ordered_json(*prediction.probability)
                                              : ordered_json();
  row["answer"] = prediction.answer;
  row["neighbours"] = ordered_json::array();
  for (const NeighbourRef& neighbour : prediction.neighbours) {
    row["neighbours"].push_back({{"id", neighbour.id}, {"similarity", neighbour.similarity}});
  }
  if (prediction.labels) row["labels"] = *prediction.labels;
  if (!prediction.label_probabilities.empty()) {
    row["probabilities"] = prediction.label_probabilities;
  }
  for (const auto& [label, score] : prediction.scores) row["scores"][label] = score;
  return row.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace relatum::task
