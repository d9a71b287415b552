// Predictions in the forms that people go on with: tables and triples beside predictions.jsonl.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "task/example.h"
#include "task/prediction.h"

namespace relatum::task {

enum class PredictionFormat { kJsonl, kCsv, kTsv, kTriples };

std::string_view name_of(PredictionFormat format);
/// "jsonl", "csv", "tsv" or "triples"; Error that lists them.
PredictionFormat parse_prediction_format(std::string_view name);
/// By a file's ending: .csv, .tsv; everything else is JSON lines.
PredictionFormat prediction_format_of(std::string_view file_name);

/// The first line of a table or of triples, with its end; empty for jsonl. `adapters`: predictions
/// carry the name of their adapter, in a last column.
std::string prediction_header(PredictionFormat format, bool adapters = false);

/// Which predictions are left out of the output, in every format.
struct PredictionFilter {
  double min_probability = 0;           ///< those below; those without a probability stay
  std::optional<std::string> negative;  ///< those with this label
  /// By an adapter's name: those of it with this label. `negative` is nothing then.
  std::map<std::string, std::string> negative_of{};
};

/// Writes the predictions of `examples` (in the same order) piece by piece, without a header, and
/// gives how many were left out.
/// jsonl: lines of predictions.jsonl. csv, tsv: id, label, probability, answer, head, tail, text,
/// quoted as RFC 4180 has it. triples: head, relation, tail, probability, id between tabs;
/// a label r(e1,e2) is the relation r from head to tail, r(e2,e1) the relation r from tail to head,
/// any other label stands as it is from head to tail; a pair with several labels has a line for
/// each; answers that could not be parsed are no triples. Where predictions carry the name of their
/// adapter, it stands behind an id in jsonl and in the last column of the others.
int64_t write_predictions(PredictionFormat format, std::span<const Example> examples,
                          std::span<const Prediction> predictions, const PredictionFilter& filter,
                          const std::function<void(std::string_view)>& write);

}  // namespace relatum::task
