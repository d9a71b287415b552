// Fields, their quoting, and the direction of triples.
#include "task/prediction_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/known_names.h"

namespace relatum::task {
namespace {

constexpr std::array<std::string_view, 4> kFormats{"jsonl", "csv", "tsv", "triples"};  // in order

std::string field(std::string_view text, char separator) {
  const bool plain = text.find_first_of("\"\r\n") == text.npos && text.find(separator) == text.npos;
  if (plain) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

std::string record(std::span<const std::string> fields, char separator) {
  std::string line;
  for (const std::string& each : fields) {
    if (&each != fields.data()) line += separator;
    line += field(each, separator);
  }
  return line + '\n';
}

char separator_of(PredictionFormat format) { return format == PredictionFormat::kCsv ? ',' : '\t'; }

std::string shown(const std::optional<double>& probability) {
  return probability ? fmt::format("{:.6g}", *probability) : "";
}

std::vector<std::string> with_adapter(std::vector<std::string> fields,
                                      const Prediction& prediction) {
  if (!prediction.adapter.empty()) fields.push_back(prediction.adapter);
  return fields;
}

std::vector<std::string> row_of(const Example& example, const Prediction& prediction) {
  return with_adapter({prediction.id, prediction.label.value_or(""), shown(prediction.probability),
                       prediction.answer, head_text(example), tail_text(example), example.text},
                      prediction);
}

std::vector<std::string> triple_of(const Example& example, const Prediction& prediction,
                                   std::string_view relation,
                                   const std::optional<double>& probability) {
  std::string from = head_text(example), to = tail_text(example);
  const bool reversed = relation.ends_with("(e2,e1)");
  if (reversed) from.swap(to);
  if (reversed || relation.ends_with("(e1,e2)")) relation.remove_suffix(7);
  return with_adapter({from, std::string(relation), to, shown(probability), prediction.id},
                      prediction);
}

/// One line for the label, or for each of several.
std::string triples_of(const Example& example, const Prediction& prediction, char separator) {
  if (!prediction.labels) {
    return record(triple_of(example, prediction, *prediction.label, prediction.probability),
                  separator);
  }
  std::string lines;
  for (size_t i = 0; i < prediction.labels->size(); ++i) {
    std::optional<double> probability;
    if (i < prediction.label_probabilities.size()) probability = prediction.label_probabilities[i];
    lines += record(triple_of(example, prediction, (*prediction.labels)[i], probability),
                    separator);
  }
  return lines;
}

bool left_out(const Prediction& prediction, const PredictionFilter& filter) {
  if (prediction.probability && *prediction.probability < filter.min_probability) return true;
  const auto own = filter.negative_of.find(prediction.adapter);
  if (own != filter.negative_of.end()) return prediction.label == own->second;
  return filter.negative && prediction.label == filter.negative;
}

}  // namespace

std::string_view name_of(PredictionFormat format) { return kFormats[size_t(format)]; }

PredictionFormat parse_prediction_format(std::string_view name) {
  const auto at = std::ranges::find(kFormats, name);
  if (at != kFormats.end()) return PredictionFormat(at - kFormats.begin());
  fail("task.prediction",
       unknown_name("format of predictions", name, {kFormats.begin(), kFormats.end()}));
}

PredictionFormat prediction_format_of(std::string_view file_name) {
  if (file_name.ends_with(".csv")) return PredictionFormat::kCsv;
  if (file_name.ends_with(".tsv")) return PredictionFormat::kTsv;
  return PredictionFormat::kJsonl;
}

std::string prediction_header(PredictionFormat format, bool adapters) {
  if (format == PredictionFormat::kJsonl) return "";
  std::vector<std::string_view> columns{"id",   "label", "probability", "answer",
                                        "head", "tail",  "text"};
  if (format == PredictionFormat::kTriples) {
    columns = {"head", "relation", "tail", "probability", "id"};
  }
  if (adapters) columns.push_back("adapter");
  return fmt::format("{}\n", fmt::join(columns, std::string(1, separator_of(format))));
}

int64_t write_predictions(PredictionFormat format, std::span<const Example> examples,
                          std::span<const Prediction> predictions, const PredictionFilter& filter,
                          const std::function<void(std::string_view)>& write) {
  RELATUM_CHECK(examples.size() == predictions.size());
  const char separator = separator_of(format);
  const bool triples = format == PredictionFormat::kTriples;
  int64_t omitted = 0;
  for (size_t i = 0; i < predictions.size(); ++i) {
    const Prediction& prediction = predictions[i];
    const bool nothing = !prediction.label || (prediction.labels && prediction.labels->empty());
    if (left_out(prediction, filter) || (triples && nothing)) {
      ++omitted;
    } else if (format == PredictionFormat::kJsonl) {
      write(to_json(prediction) + "\n");
    } else {
      write(triples ? triples_of(examples[i], prediction, separator)
                    : record(row_of(examples[i], prediction), separator));
    }
  }
  return omitted;
}

}  // namespace relatum::task
