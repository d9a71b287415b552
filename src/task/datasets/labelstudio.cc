// Label Studio's JSON export: tasks with regions, whose offsets are code points, and relations.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"
#include "task/dataset.h"
#include "task/fields.h"
#include "task/json_rows.h"
#include "task/labelstudio_form.h"
#include "task/labelstudio_regions.h"

namespace relatum::task {
namespace {

using nlohmann::json;

constexpr const char* kUnnamed = "relation";  // the label of a relation that has none

/// The annotation that counts: the one that is marked as the truth, else the first that was not
/// cancelled; nullptr where there is none.
const json* chosen_annotation(const json& row, const std::string& place, int64_t line,
                              RowSink& rows) {
  const char* key = io::find(row, "completions") ? "completions" : "annotations";
  if (!io::find(row, key)) return nullptr;
  const json* chosen = nullptr;
  int64_t sound = 0;
  for (const json& each : io::require_array(row, key, place)) {
    if (io::get_bool(each, "was_cancelled", false, place)) continue;
    const bool truth = io::get_bool(each, "ground_truth", false, place);
    if (!chosen || (truth && !io::get_bool(*chosen, "ground_truth", false, place))) chosen = &each;
    ++sound;
  }
  if (sound > 1) {
    rows.odd(
        "tasks with several annotations: the one that is marked as the truth, or else the "
        "first, is read",
        line);
  }
  return chosen;
}

void parse_relation(const json& result, Document& document, int64_t line, RowSink& rows) {
  const std::string name = fmt::format("relation {}", document.relations.size() + 1);
  const std::string from = id_of(result, "from_id", name), to = id_of(result, "to_id", name);
  std::vector<std::string> labels;
  if (io::find(result, "labels")) labels = io::require_strings(result, "labels", name);
  if (labels.empty()) {
    rows.odd(fmt::format("relations without a label are read as '{}'", kUnnamed), line);
    labels = {kUnnamed};
  }
  const std::string direction = io::get_string(result, "direction", "right", name);
  for (const std::string& label : labels) {
    if (direction != "left") document.relations.push_back({from, to, label});
    if (direction == "left" || direction == "bi") document.relations.push_back({to, from, label});
  }
}

/// Regions of the first prediction: entities that were given to annotators. Its relations are a
/// model's guesses, which nobody has confirmed.
const json* first_prediction(const json& row, const std::string& place, int64_t line,
                             RowSink& rows) {
  if (!io::find(row, "predictions")) return nullptr;
  const json& all = io::require_array(row, "predictions", place);
  // Exports name predictions by their numbers where they were not asked for whole.
  if (all.empty() || !all[0].is_object() || !io::find(all[0], "result")) return nullptr;
  rows.odd("tasks that nobody annotated: of their predictions the regions are read, as entities",
           line);
  return &all[0];
}

/// The results of an annotation; it may have none.
const json& results_of(const json* annotation, const std::string& place) {
  static const json none = json::array();
  // Null stands there where somebody opened a task and saved nothing.
  if (!annotation || (annotation->contains("result") && !io::find(*annotation, "result"))) {
    return none;
  }
  return io::require_array(*annotation, "result", place);
}

ParsedRow parse_row(const JsonRow& source, RowSink& rows) {
  const std::string place = fmt::format("task {}", source.number);
  const json row = io::parse_json(source.text, place);
  need(row, "data", place);
  Document document;
  document.id = id_of(row, "id", place);
  document.line = source.line;
  const json* annotation = chosen_annotation(row, place, source.line, rows);
  document.unlabelled = !annotation;
  if (!annotation) annotation = first_prediction(row, place, source.line, rows);
  std::vector<const json*> about_text;
  for (const json& result : results_of(annotation, place)) {
    if (!result.is_object()) fail("task.labelstudio", place + ": a result is no object");
    const json* value = io::find(result, "value");
    if (io::get_string(result, "type", "", place) == "relation") {
      if (!document.unlabelled) parse_relation(result, document, source.line, rows);
    } else if (value && io::find(*value, "start")) {
      about_text.push_back(&result);
    } else {
      rows.odd("results that are neither regions of text nor relations are passed over",
               source.line);
    }
  }
  const std::vector<StudioRegion> regions = studio_regions(about_text, source.line, rows);
  const json& data = io::require_object(row, "data", place);
  document.text = studio_text(data, regions, place);
  place_studio_regions(regions, document, rows);
  const json* kept = io::find(data, kStudioKept);
  if (kept && kept->is_object()) restore_studio(*kept, document);
  return {{}, std::move(document)};
}

/// Its other export: regions without ids below the name of their tag, and no relations.
bool is_min(std::string_view first) {
  return has_first_keys(first, {"annotation_id", "annotator"}) && !has_first_key(first, "data");
}

void read(std::string_view bytes, RowSink& rows) {
  if (is_min(bytes)) {
    rows.fatal(
        "it is Label Studio's JSON-MIN, which leaves relations and the regions' ids out. Export "
        "the project as JSON.");
  }
  read_json_items(bytes, rows, parse_row);
}

// Which of the two stands first depends on the version, and either may be long. A task's own keys
// are none of its texts, so rows of other programs that have a text beside these are not meant.
bool sniff(std::string_view, std::string_view first) {
  if (is_min(first)) return true;
  if (has_first_key(first, "text")) return false;
  return first_value(first, "data").starts_with('{') ||
         first_value(first, "annotations").starts_with('[') ||
         first_value(first, "completions").starts_with('[');
}

}  // namespace

const DatasetFormat& dataset_labelstudio() {
  static const DatasetFormat format = {
      .name = "labelstudio",
      .description =
          "Label Studio's export as JSON (not JSON-MIN): tasks with data and annotations",
      .sniff = sniff,
      .read = read,
      .documents = true,
      .offsets = {"code_points", "utf16"}};
  return format;
}

}  // namespace relatum::task
