// Label Studio's JSON export: tasks with regions, whose offsets are UTF-16 units, and relations.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "io/json.h"
#include "task/dataset.h"
#include "task/fields.h"
#include "task/json_rows.h"
#include "task/labelstudio_form.h"
#include "task/offsets.h"

namespace relatum::task {
namespace {

using nlohmann::json;

constexpr const char* kUnnamed = "relation";  // the label of a relation that has none

/// A region of the text before its places are counted.
struct Region {
  std::string id, label;
  QuotedSpan span;
};

/// `data.text`, or the only text that the task has.
std::string text_of_task(const json& row, const std::string& place) {
  const json& data = io::require_object(row, "data", place);
  if (const json* text = io::find(data, "text"); text && text->is_string()) {
    return text->get<std::string>();
  }
  std::vector<std::string> keys;
  for (const auto& [key, value] : data.items()) {
    if (value.is_string()) keys.push_back(key);
  }
  if (keys.size() == 1) return data[keys[0]].get<std::string>();
  fail("task.labelstudio",
       fmt::format("{}: 'data' has no 'text' and {} other texts: which one is annotated does not "
                   "show",
                   place, keys.size()));
}

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

int64_t place_in(const json& value, const char* key, const std::string& name) {
  const json* given = io::find(value, key);
  if (given && given->is_string()) {
    const std::string text = given->get<std::string>();
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) return number;
    fail("task.labelstudio",
         fmt::format("{}: '{}' is '{}', a place in a web page: only plain text is read", name, key,
                     printable_start(text, 40)));
  }
  return io::require_int(value, key, name);
}

Region parse_region(const json& result, int64_t line, RowSink& rows) {
  Region region;
  region.id = id_of(result, "id", "a region");
  const std::string name = fmt::format("region '{}'", printable_start(region.id, 40));
  const json& value = io::require_object(result, "value", name);
  region.span = {place_in(value, "start", name), place_in(value, "end", name),
                 io::get_string(value, "text", "", name)};
  const std::string kind = io::get_string(result, "type", "labels", name);
  if (io::find(value, kind)) {
    const auto labels = io::require_strings(value, kind, name);
    if (!labels.empty()) region.label = labels[0];
    if (labels.size() > 1) rows.odd("regions with several labels: the first is read", line);
  }
  return region;
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

void place_regions(const std::vector<Region>& regions, Document& document, int64_t line,
                   RowSink& rows) {
  std::vector<QuotedSpan> spans;
  for (const Region& region : regions) spans.push_back(region.span);
  const auto fits = counting_of(
      document.text, spans,
      {Counting::kUtf16, Counting::kCodePoints, Counting::kUtf16CrlfIsOne, Counting::kCrlfIsOne});
  const Counting counting = fits.value_or(Counting::kUtf16);
  if (counting != Counting::kUtf16) {
    rows.odd(
        fmt::format("offsets that fit their regions' texts only as {}", counting_name(counting)),
        line);
  }
  const CountedPlaces places(document.text, counting);
  for (const Region& region : regions) {
    const auto start = places.code_point(region.span.start),
               end = places.code_point(region.span.end);
    const std::string there(start && end ? utf8_slice(document.text, *start, *end) : "");
    if (!start || !end ||
        (!fits && !region.span.text.empty() && !same_words(there, region.span.text))) {
      fail("task.labelstudio",
           fmt::format("region '{}' from {} to {} (UTF-16 units) is '{}' in the text, and the file "
                       "says '{}'",
                       printable_start(region.id, 40), region.span.start, region.span.end,
                       printable_start(there, 40), printable_start(region.span.text, 40)));
    }
    document.entities.push_back({region.id, {*start, *end, region.label}});
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

ParsedRow parse_row(const JsonRow& source, RowSink& rows) {
  const std::string place = fmt::format("task {}", source.number);
  const json row = io::parse_json(source.text, place);
  need(row, "data", place);
  Document document;
  document.id = id_of(row, "id", place);
  document.line = source.line;
  document.text = text_of_task(row, place);
  const json* annotation = chosen_annotation(row, place, source.line, rows);
  document.unlabelled = !annotation;
  if (!annotation) annotation = first_prediction(row, place, source.line, rows);
  std::vector<Region> regions;
  for (const json& result :
       annotation ? io::require_array(*annotation, "result", place) : json::array()) {
    if (!result.is_object()) fail("task.labelstudio", place + ": a result is no object");
    const json* value = io::find(result, "value");
    if (io::get_string(result, "type", "", place) == "relation") {
      if (!document.unlabelled) parse_relation(result, document, source.line, rows);
    } else if (value && io::find(*value, "start")) {
      regions.push_back(parse_region(result, source.line, rows));
    } else {
      rows.odd("results that are neither regions of text nor relations are passed over",
               source.line);
    }
  }
  place_regions(regions, document, source.line, rows);
  const json* kept = io::find(row["data"], kStudioKept);
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

// Which of the two stands first depends on the version, and either may be long.
bool sniff(std::string_view, std::string_view first) {
  return first_value(first, "data").starts_with('{') ||
         first_value(first, "annotations").starts_with('[') ||
         first_value(first, "completions").starts_with('[') || is_min(first);
}

}  // namespace

const DatasetFormat& dataset_labelstudio() {
  static const DatasetFormat format = {
      .name = "labelstudio",
      .description =
          "Label Studio's export as JSON (not JSON-MIN): tasks with data and annotations",
      .sniff = sniff,
      .read = read,
      .documents = true};
  return format;
}

}  // namespace relatum::task
