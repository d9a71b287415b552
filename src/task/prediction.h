// What was answered for one example, and predictions.jsonl.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace relatum::task {

/// A retrieved example, by its id.
struct NeighbourRef {
  std::string id;
  double similarity = 0;  ///< cosine
};

struct Prediction {
  std::string id;
  std::optional<std::string> label;   ///< nothing: the answer could not be parsed
  std::optional<double> probability;  ///< nothing where the way of answering gives none
  std::string answer;                 ///< the generated or verbalised text
  std::vector<NeighbourRef> neighbours;
  std::vector<std::pair<std::string, double>> scores;  ///< label, probability; empty: not kept
  /// All answers, where pairs may carry several labels; nothing: `label` is the only one.
  std::optional<std::vector<std::string>> labels{};
  std::vector<double> label_probabilities{};  ///< of each of `labels`; empty: not known
  int64_t line = 0;                           ///< where it stood in its file, from 1
  std::string adapter{};  ///< that answered it, where rows name theirs; else empty
};

/// One line of predictions.jsonl, without the line end.
std::string to_json(const Prediction& prediction);
/// Reads predictions: JSON lines as `extract` writes them, or a JSON array of the same; a table
/// whose header names at least the columns id and label (probability and answer are read too,
/// others are not), by the rules for tables of data (task/table_shape.h); or plain lines of id TAB
/// label. The first line tells which. An empty label, or null, is unparsed. Ids are those of the
/// file: a table may have 25.0 for 25. Throws Error with file and line, for triples, for text that
/// is not UTF-8, and where there are none unless it `may_be_empty`.
std::vector<Prediction> read_predictions(const std::filesystem::path& path,
                                         bool may_be_empty = false);

}  // namespace relatum::task
