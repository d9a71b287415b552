// Reads predictions: JSON lines, tables with a header, or lines of id TAB label.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "io/text_file.h"
#include "task/delimited.h"
#include "task/fields.h"
#include "task/forms.h"
#include "task/json_array.h"
#include "task/prediction.h"
#include "task/table_shape.h"

namespace relatum::task {
namespace {

using nlohmann::json;

Prediction parse_json_line(std::string_view line, const std::string& place) {
  const json row = io::parse_json(line, place);
  Prediction prediction;
  need(row, "id", place);
  prediction.id = id_of(row, "id", place);
  if (!row.contains("label") && !row.contains("labels")) {
    if (io::find(row, "entities")) {
      fail("task.prediction",
           fmt::format("{}: the row has \"entities\" and no \"label\": it is a document, not the "
                       "answer for a pair. Score it by `relatum evaluate --task joint`, or by "
                       "--task entities where it has no relations.",
                       place));
    }
    fail("task.prediction",
         fmt::format("{}: the row has no \"label\" (null says: unparsed).", place));
  }
  const std::string label = io::get_string(row, "label", "", place);
  if (!label.empty()) prediction.label = label;
  if (io::find(row, "labels")) prediction.labels = io::require_strings(row, "labels", place);
  if (prediction.labels && io::find(row, "probabilities")) {
    for (const json& each : io::require_array(row, "probabilities", place)) {
      prediction.label_probabilities.push_back(each.is_number() ? each.get<double>() : 0.0);
    }
    if (prediction.label_probabilities.size() != prediction.labels->size()) {
      fail("task.prediction",
           fmt::format("{}: \"probabilities\" has {} numbers for {} labels.", place,
                       prediction.label_probabilities.size(), prediction.labels->size()));
    }
  }
  if (io::find(row, "probability")) {
    prediction.probability = io::require_double(row, "probability", place);
  }
  prediction.answer = io::get_string(row, "answer", "", place);
  if (io::find(row, "neighbours")) {
    for (const json& neighbour : io::require_array(row, "neighbours", place)) {
      prediction.neighbours.push_back({io::require_string(neighbour, "id", place),
                                       io::get_double(neighbour, "similarity", 0, place)});
    }
  }
  if (io::find(row, "scores")) {
    for (const auto& [name, score] : io::require_object(row, "scores", place).items()) {
      prediction.scores.emplace_back(name, score.is_number() ? score.get<double>() : 0.0);
    }
  }
  return prediction;
}

Prediction parse_tab_line(std::string_view line, const std::string& place) {
  const size_t tab = line.find('\t');
  if (tab == line.npos || tab == 0 || line.find('\t', tab + 1) != line.npos) {
    fail("task.prediction",
         fmt::format("{}: expected an id, a tab and a label. Predictions may also be JSON lines, "
                     "or a table whose first line names the columns id and label.",
                     place));
  }
  Prediction prediction;
  prediction.id = line.substr(0, tab);
  if (tab + 1 < line.size()) prediction.label = prediction.answer = line.substr(tab + 1);
  return prediction;
}

/// The columns of a table that are read, in this order.
const std::vector<std::string>& columns() {
  static const std::vector<std::string> names = {"id", "label", "probability", "answer"};
  return names;
}

/// A number, also with the decimal comma that many spreadsheets write.
double parse_probability(const std::string& cell, const std::string& place) {
  std::string text = seen_form(cell);
  std::replace(text.begin(), text.end(), ',', '.');
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) {
    fail("task.prediction", fmt::format("{}: the probability is '{}': expected a number from 0 to "
                                        "1, or nothing.",
                                        place, printable_start(cell)));
  }
  return value;
}

Prediction parse_record(const DelimitedRecord& record, const TableShape& shape,
                        const std::string& place) {
  if (!record.problem.empty()) fail("task.prediction", place + ": " + record.problem + ".");
  if (record.fields.size() != shape.columns.size()) {
    fail("task.prediction", fmt::format("{}: expected {} fields as in the header, got {}.", place,
                                        shape.columns.size(), record.fields.size()));
  }
  const auto field = [&](const char* name) {
    const int64_t column = shape.find(name);
    return column < 0 ? std::string() : record.fields[size_t(column)];
  };
  Prediction prediction;
  prediction.id = field("id");
  if (seen_form(prediction.id).empty()) fail("task.prediction", place + ": the id is empty.");
  if (const std::string label = field("label"); !label.empty()) prediction.label = label;
  prediction.answer = shape.find("answer") < 0 ? prediction.label.value_or("") : field("answer");
  if (const std::string number = field("probability"); !seen_form(number).empty()) {
    prediction.probability = parse_probability(number, place);
  }
  return prediction;
}

/// Labels are compared in the form that data and inventories have them in.
void settle_label(Prediction& prediction) {
  if (prediction.label) prediction.label = seen_form(*prediction.label);
  if (prediction.label && prediction.label->empty()) prediction.label.reset();
  if (prediction.labels) {
    for (std::string& label : *prediction.labels) label = seen_form(label);
  }
  for (auto& [label, score] : prediction.scores) label = seen_form(label);
}

/// Takes a file's predictions in whichever form they are.
class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  std::vector<Prediction> read(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t\n");
    if (first == text.npos) return {};
    const size_t next = text.find_first_not_of(" \t\n", first + 1);
    const char second = next == text.npos ? '\0' : text[next];
    if (text[first] == '{') {
      read_lines(text, parse_json_line);
    } else if (text[first] == '[' && (second == '{' || second == ']')) {
      read_array(text);
    } else read_table(text);
    return std::move(predictions_);
  }

 private:
  std::string place(int64_t line) const { return fmt::format("{}:{}", file_, line); }
  void add(Prediction prediction, int64_t line) {
    settle_label(prediction);
    prediction.line = line;
    predictions_.push_back(std::move(prediction));
  }

  void read_lines(std::string_view text,
                  Prediction (*parse)(std::string_view line, const std::string& place)) {
    io::for_lines(text, [&](std::string_view line, int64_t number) {
      if (line.find_first_not_of(" \t") != line.npos) add(parse(line, place(number)), number);
    });
  }

  void read_array(std::string_view text) {
    const JsonFault fault = walk_json_array(text, [&](const JsonElement& element) {
      add(parse_json_line(element.text, place(element.line)), element.line);
    });
    if (fault) fail("task.prediction", fmt::format("{}: {}.", place(fault.line), fault.sentence));
  }

  void read_table(std::string_view text) {
    static const std::vector<std::string> kAll = {"id",   "label",    "probability", "answer",
                                                  "head", "relation", "tail"};
    const TableShape shape = find_table(text, kAll);
    const auto has = [&](const char* name) { return shape.find(name) >= 0; };
    if (!has("label") && has("head") && has("relation") && has("tail")) {
      fail("task.prediction", fmt::format("{}: these are triples; evaluate needs the answers as "
                                          "jsonl, csv or tsv (--format of extract).",
                                          file_));
    }
    if (!has("id") || !has("label")) return read_lines(text, parse_tab_line);
    if (const std::string name = shape.repeated(columns()); !name.empty()) {
      fail("task.prediction",
           fmt::format("{}: column '{}' stands twice in the header. Remove one.", file_, name));
    }
    DelimitedReader reader(shape.records, shape.separator, shape.line);
    DelimitedRecord record;
    reader.next(record);  // the header
    if (!record.problem.empty()) {
      fail("task.prediction", place(record.line) + ": " + record.problem + ".");
    }
    while (reader.next(record)) {
      add(parse_record(record, shape, place(record.line)), record.line);
    }
  }

  std::string file_;
  std::vector<Prediction> predictions_;
};

}  // namespace

std::vector<Prediction> read_predictions(const std::filesystem::path& path, bool may_be_empty) {
  auto predictions = Reader(path.string()).read(io::read_text(path));
  if (predictions.empty() && !may_be_empty) {
    fail("task.prediction", fmt::format("{} holds no predictions: either all answers were left out "
                                        "of it, which --missing wrong counts as wrong, or it was "
                                        "cut.",
                                        path.string()));
  }
  return predictions;
}

}  // namespace relatum::task
