// Writes predictions.
#include "task/prediction.h"

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"

namespace relatum::task {

using nlohmann::ordered_json;

std::string to_json(const Prediction& prediction) {
  ordered_json row;
  row["id"] = prediction.id;
  row["label"] = prediction.label ? ordered_json(*prediction.label) : ordered_json();
  row["probability"] =
      prediction.probability ? ordered_json(*prediction.probability) : ordered_json();
  row["answer"] = prediction.answer;
  row["neighbours"] = ordered_json::array();
  for (const NeighbourRef& neighbour : prediction.neighbours)
    row["neighbours"].push_back({{"id", neighbour.id}, {"similarity", neighbour.similarity}});
  if (prediction.labels) row["labels"] = *prediction.labels;
  for (const auto& [label, score] : prediction.scores) row["scores"][label] = score;
  return row.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

void write_predictions(const std::filesystem::path& path,
                       std::span<const Prediction> predictions) {
  AtomicFile file(path);
  for (const Prediction& prediction : predictions) file.write(to_json(prediction) + "\n");
  file.commit();
}

}  // namespace relatum::task
