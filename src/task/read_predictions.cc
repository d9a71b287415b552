// Reads predictions: JSON lines, tables with a header, or lines of id TAB label.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/mapped_file.h"
#include "io/json.h"
#include "task/delimited.h"
#include "task/fields.h"
#include "task/forms.h"
#include "task/prediction.h"
#include "task/utf8.h"

namespace relatum::task {
namespace {

using nlohmann::json;

Prediction parse_json_line(std::string_view line, const std::string& place) {
  const json row = io::parse_json(line, place);
  Prediction prediction;
  need(row, "id", place);
  prediction.id = id_of(row, "id", place);
  if (!row.contains("label") && !row.contains("labels"))
    fail("task.prediction", fmt::format("{}: the row has no \"label\" (null says: unparsed).",
                                        place));
  const std::string label = io::get_string(row, "label", "", place);
  if (!label.empty()) prediction.label = label;
  if (io::find(row, "labels")) prediction.labels = io::require_strings(row, "labels", place);
  if (io::find(row, "probability"))
    prediction.probability = io::require_double(row, "probability", place);
  prediction.answer = io::get_string(row, "answer", "", place);
  if (io::find(row, "neighbours")) {
    for (const json& neighbour : io::require_array(row, "neighbours", place))
      prediction.neighbours.push_back({io::require_string(neighbour, "id", place),
                                       io::get_double(neighbour, "similarity", 0, place)});
  }
  if (io::find(row, "scores")) {
    for (const auto& [name, score] : io::require_object(row, "scores", place).items())
      prediction.scores.emplace_back(name, score.is_number() ? score.get<double>() : 0.0);
  }
  return prediction;
}

/// Calls `each(line, number)` for every line that is not blank, without its line end.
template <class Each>
void for_lines(std::string_view bytes, const Each& each) {
  for (int64_t number = 1; !bytes.empty(); ++number) {
    const size_t end = bytes.find('\n');
    std::string_view line = bytes.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    bytes = end == bytes.npos ? "" : bytes.substr(end + 1);
    if (line.find_first_not_of(" \t") != line.npos) each(line, number);
  }
}

Prediction parse_tab_line(std::string_view line, const std::string& place) {
  const size_t tab = line.find('\t');
  if (tab == line.npos || tab == 0 || line.find('\t', tab + 1) != line.npos || !utf8_valid(line))
    fail("task.prediction",
         fmt::format("{}: expected an id, a tab and a label. Predictions may also be JSON lines, "
                     "or a table whose first line names the columns id and label.",
                     place));
  Prediction prediction;
  prediction.id = id_of_cell(line.substr(0, tab));
  if (tab + 1 < line.size()) prediction.label = prediction.answer = line.substr(tab + 1);
  return prediction;
}

/// The columns of a table that are read; -1: not there.
struct Columns {
  char separator = ',';
  int64_t id = -1, label = -1, probability = -1, answer = -1;
  size_t count = 0;
};

/// The columns, where the first record is a header that names id and label.
std::optional<Columns> find_columns(std::string_view bytes) {
  for (const char separator : {'\t', ',', ';'}) {
    DelimitedReader reader(bytes, separator);
    DelimitedRecord record;
    if (!reader.next(record) || !record.problem.empty()) continue;
    Columns columns;
    columns.separator = separator;
    columns.count = record.fields.size();
    const auto place = [&](std::string_view name) {
      const auto at = std::find(record.fields.begin(), record.fields.end(), name);
      return at == record.fields.end() ? int64_t{-1} : int64_t(at - record.fields.begin());
    };
    columns.id = place("id");
    columns.label = place("label");
    columns.probability = place("probability");
    columns.answer = place("answer");
    if (columns.id >= 0 && columns.label >= 0) return columns;
  }
  return std::nullopt;
}

/// A number; where fields are separated by semicolons, spreadsheets write a decimal comma.
double parse_probability(std::string text, char separator, const std::string& place) {
  if (separator == ';') std::replace(text.begin(), text.end(), ',', '.');
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value))
    fail("task.prediction", fmt::format("{}: the probability is '{}': expected a number from 0 to "
                                        "1, or nothing.",
                                        place, utf8_printable(text)));
  return value;
}

Prediction parse_record(const DelimitedRecord& record, const Columns& columns,
                        const std::string& place) {
  if (!record.problem.empty()) fail("task.prediction", place + ": " + record.problem + ".");
  if (record.fields.size() != columns.count)
    fail("task.prediction", fmt::format("{}: expected {} fields as in the header, got {}.", place,
                                        columns.count, record.fields.size()));
  for (const std::string& field : record.fields)
    if (!utf8_valid(field))
      fail("task.prediction", place + ": the line is not UTF-8. Save the file as UTF-8.");
  const auto field = [&](int64_t column) {
    return column < 0 ? std::string() : record.fields[size_t(column)];
  };
  Prediction prediction;
  prediction.id = id_of_cell(field(columns.id));
  if (prediction.id.empty()) fail("task.prediction", place + ": the id is empty.");
  if (const std::string label = field(columns.label); !label.empty()) prediction.label = label;
  prediction.answer = columns.answer < 0 ? prediction.label.value_or("") : field(columns.answer);
  if (const std::string number = field(columns.probability); !number.empty())
    prediction.probability = parse_probability(number, columns.separator, place);
  return prediction;
}

std::vector<Prediction> read_table(std::string_view bytes, const Columns& columns,
                                   const std::string& file) {
  std::vector<Prediction> predictions;
  DelimitedReader reader(bytes, columns.separator);
  DelimitedRecord record;
  reader.next(record);  // the header
  while (reader.next(record)) {
    const std::string place = fmt::format("{}:{}", file, record.line);
    predictions.push_back(parse_record(record, columns, place));
    predictions.back().line = record.line;
  }
  return predictions;
}

}  // namespace

namespace {

/// Labels are compared in the form that data and inventories have them in.
void settle_label(Prediction& prediction) {
  if (prediction.label) prediction.label = seen_form(*prediction.label);
  if (prediction.label && prediction.label->empty()) prediction.label.reset();
  if (prediction.labels)
    for (std::string& label : *prediction.labels) label = seen_form(label);
  for (auto& [label, score] : prediction.scores) label = seen_form(label);
}

}  // namespace

std::vector<Prediction> read_predictions(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  std::string_view bytes(reinterpret_cast<const char*>(file->bytes().data()),
                         file->bytes().size());
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  const size_t first = bytes.find_first_not_of(" \t\r\n");
  const bool is_json = first != bytes.npos && bytes[first] == '{';
  std::vector<Prediction> predictions;
  const auto columns = is_json ? std::nullopt : find_columns(bytes);
  if (columns) {
    predictions = read_table(bytes, *columns, path.string());
  } else {
    for_lines(bytes, [&](std::string_view line, int64_t number) {
      const std::string place = fmt::format("{}:{}", path.string(), number);
      predictions.push_back(is_json ? parse_json_line(line, place) : parse_tab_line(line, place));
      predictions.back().line = number;
    });
  }
  for (Prediction& prediction : predictions) settle_label(prediction);
  if (predictions.empty())
    fail("task.prediction", fmt::format("{} holds no predictions. Give the file that extract "
                                        "wrote.",
                                        path.string()));
  return predictions;
}

}  // namespace relatum::task
