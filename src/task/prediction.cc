// Writes and reads predictions.
#include "task/prediction.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/mapped_file.h"
#include "io/json.h"
#include "task/utf8.h"

namespace relatum::task {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

Prediction parse_json_line(std::string_view line, const std::string& place) {
  const json row = io::parse_json(line, place);
  Prediction prediction;
  prediction.id = io::require_string(row, "id", place);
  if (!row.contains("label"))
    fail("task.prediction", fmt::format("{}: the row has no \"label\" (null says: unparsed).",
                                        place));
  if (io::find(row, "label")) prediction.label = io::require_string(row, "label", place);
  if (io::find(row, "probability"))
    prediction.probability = io::require_double(row, "probability", place);
  prediction.answer = io::get_string(row, "answer", "", place);
  if (io::find(row, "neighbours")) {
    for (const json& neighbour : io::require_array(row, "neighbours", place))
      prediction.neighbours.push_back({io::require_string(neighbour, "id", place),
                                       io::get_double(neighbour, "similarity", 0, place)});
  }
  if (io::find(row, "scores")) {
    for (const auto& [label, score] : io::require_object(row, "scores", place).items())
      prediction.scores.emplace_back(label, score.is_number() ? score.get<double>() : 0.0);
  }
  return prediction;
}

Prediction parse_tab_line(std::string_view line, const std::string& place) {
  const size_t tab = line.find('\t');
  if (tab == line.npos || tab == 0 || line.find('\t', tab + 1) != line.npos || !utf8_valid(line))
    fail("task.prediction", fmt::format("{}: expected an id, a tab and a label (or JSON lines).",
                                        place));
  Prediction prediction;
  prediction.id = line.substr(0, tab);
  if (tab + 1 < line.size()) prediction.label = prediction.answer = line.substr(tab + 1);
  return prediction;
}

}  // namespace

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
  for (const auto& [label, score] : prediction.scores) row["scores"][label] = score;
  return row.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

void write_predictions(const std::filesystem::path& path,
                       std::span<const Prediction> predictions) {
  AtomicFile file(path);
  for (const Prediction& prediction : predictions) file.write(to_json(prediction) + "\n");
  file.commit();
}

std::vector<Prediction> read_predictions(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  std::string_view bytes(reinterpret_cast<const char*>(file->bytes().data()),
                         file->bytes().size());
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  const size_t first = bytes.find_first_not_of(" \t\r\n");
  const bool is_json = first != bytes.npos && bytes[first] == '{';
  std::vector<Prediction> predictions;
  for (int64_t number = 1; !bytes.empty(); ++number) {
    const size_t end = bytes.find('\n');
    std::string_view line = bytes.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    bytes = end == bytes.npos ? "" : bytes.substr(end + 1);
    if (line.find_first_not_of(" \t") == line.npos) continue;
    const std::string place = fmt::format("{}:{}", path.string(), number);
    predictions.push_back(is_json ? parse_json_line(line, place) : parse_tab_line(line, place));
    predictions.back().line = number;
  }
  if (predictions.empty())
    fail("task.prediction", fmt::format("{} holds no predictions. Was the extraction cut short?",
                                        path.string()));
  return predictions;
}

}  // namespace relatum::task
