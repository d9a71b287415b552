// Stages are known for finished by their records, and stages that cells share are run once.
#include "jobs/study_cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "base/error.h"
#include "base/hash.h"
#include "base/part_file.h"
#include "io/json.h"
#include "jobs/extract.h"
#include "jobs/finetune.h"
#include "jobs/finetune_folder.h"
#include "jobs/finetune_joint.h"
#include "jobs/process_facts.h"
#include "jobs/run_record.h"
#include "jobs/study_results.h"
#include "task/prediction.h"
#include "task/spec.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

bool there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool holds_files(const fs::path& folder) {
  std::error_code ignored;
  return there(folder) && !fs::is_empty(folder, ignored);
}

// Each false: the host stopped it. Peaks of memory are each stage's own: they begin anew.
bool index_is_there(const StudyCell& cell, const StageBegins& begins, const Host& host) {
  if (!cell.index || there(fs::path(cell.index->out) / "index.json")) return true;
  begins("index");
  return build_index(*cell.index, host);
}

// Stages that went on after a stop: what one held in memory then is not what it takes.
using Resumed = std::set<std::string>;

bool run_is_there(const std::optional<FinetuneOptions>& given, const StageBegins& begins,
                  Resumed& resumed, const Host& host) {
  if (!given) return true;
  FinetuneOptions options = *given;
  const fs::path run = options.out;
  if (there(run / "run.json") && read_run(run).status == "done") return true;
  begins("finetune");
  options.resume = there(finetune_state(run));
  options.overwrite = !options.resume && holds_files(run);
  if (options.resume) resumed.insert("training");
  reset_peak_rss();
  return finetune(options, host).finished;
}

bool answers_are_there(const StudyCell& cell, const StageBegins& begins, Resumed& resumed,
                       const Host& host) {
  ExtractOptions options = cell.extract;
  if (there(options.out) && there(options.out + ".run.json")) return true;
  begins("extract");
  options.resume = !there(options.out) && has_extract_state(options.out);
  options.overwrite = !options.resume;
  if (options.resume) resumed.insert("answering");
  reset_peak_rss();
  return extract(options, host).finished;
}

json number_or_null(const json& record, const char* key) {
  const json* value = io::find(record, key);
  return value && value->is_number() ? *value : json();
}

json interval_json(const std::optional<task::Interval>& interval) {
  if (!interval) return {};
  return {{"low", interval->low}, {"high", interval->high}, {"level", interval->level}};
}

json figures_of(const task::Report& report) {
  json figures = {{"examples", report.examples},
                  {"unparsed", report.unparsed},
                  {"accuracy", report.accuracy},
                  {"accuracy_interval", interval_json(report.accuracy_interval)},
                  {"official", report.official.name},
                  {"official_title", report.official.title},
                  {"f1", report.official.scores ? report.official.scores->f1 : 0.0},
                  {"official_interval", interval_json(report.interval)},
                  {"ece", report.calibration ? json(report.calibration->ece) : json()}};
  for (const task::NamedScores& each : report.metrics) {
    if (!each.scores) continue;
    figures["metrics"][each.name] = {{"precision", each.scores->precision},
                                     {"recall", each.scores->recall},
                                     {"f1", each.scores->f1}};
  }
  return figures;
}

std::vector<std::string> answered_labels(const task::Prediction& prediction) {
  if (prediction.labels) return *prediction.labels;
  return prediction.label ? std::vector{*prediction.label} : std::vector<std::string>{};
}

bool is_right(const task::Example& example, const std::vector<std::string>& answers) {
  const std::vector<std::string> gold = task::gold_labels(example);
  return !answers.empty() && std::ranges::all_of(answers, [&](const std::string& answer) {
    return std::ranges::find(gold, answer) != gold.end();
  });
}

// Which rows were answered, whatever file they are in: figures of the same rows may be compared.
std::string rows_hash(const task::Dataset& data) {
  std::string text;
  for (const task::Example& example : data.examples) {
    text += example.id + '\0' + example.text + '\0';
    for (const std::string& label : task::gold_labels(example)) text += label + '\0';
    text += '\n';
  }
  return sha256(std::as_bytes(std::span(text))).substr(0, 16);
}

// A string each, so that a file of many cells stays short: per row a 1 or 0 for right or wrong, and
// the answer's number in "labels", several joined by "+", none "-".
void add_answers(const task::Dataset& data, const std::vector<task::Prediction>& predictions,
                 json& record) {
  std::map<std::string, const task::Prediction*> by_id;
  for (const task::Prediction& each : predictions) by_id[each.id] = &each;
  std::vector<std::string> labels;
  std::string answers, right;
  for (const task::Example& example : data.examples) {
    const auto found = by_id.find(example.id);
    const auto answered = found == by_id.end() ? std::vector<std::string>{}
                                               : answered_labels(*found->second);
    std::string numbers;
    for (const std::string& label : answered) {
      const auto at = std::ranges::find(labels, label);
      numbers += fmt::format("{}{}", numbers.empty() ? "" : "+", at - labels.begin());
      if (at == labels.end()) labels.push_back(label);
    }
    answers += (answers.empty() ? "" : " ") + (numbers.empty() ? "-" : numbers);
    right += is_right(example, answered) ? '1' : '0';
  }
  record["labels"] = labels;
  record["answers"] = answers;
  record["right"] = right;
  record["rows"] = rows_hash(data);
}

// Pairs of documents that stand in no sentence together are not asked of a run that learned the
// pairs of sentences, which is to say that they have no relation.
void answer_unasked(const StudyCell& cell, const task::Dataset& data,
                    std::vector<task::Prediction>& predictions) {
  if (!cell.finetune || !asks_sentences(*cell.finetune)) return;
  const std::string named = task::parse_spec(cell.gold).negative;
  const auto negative = cell.scores.negative ? cell.scores.negative
                        : named.empty()      ? task::negative_label(data.labels)
                                             : std::optional(named);
  if (!negative) return;
  std::set<std::string> asked;
  for (const task::Prediction& each : predictions) asked.insert(each.id);
  for (const task::Example& example : data.examples) {
    if (example.document.empty() || asked.contains(example.id)) continue;
    task::Prediction& answer = predictions.emplace_back();
    answer.id = example.id;
    answer.label = *negative;
  }
}

json record_of(const StudyCell& cell, const Resumed& resumed, const Host& host) {
  const std::string place = cell.extract.out + ".run.json";
  const json answered = io::load_json(place);
  json record = {{"date", utc_now()},
                 {"version", RELATUM_VERSION},
                 {"cpu", io::get_string(answered, "cpu", "", place)},
                 {"compute", io::get_string(answered, "compute", "", place)},
                 {"threads", number_or_null(answered, "threads")},
                 {"base_hash", io::get_string(answered, "base_hash", "", place)}};
  json seconds = {{"answering", number_or_null(answered, "seconds")}};
  json peak = {{"answering", number_or_null(answered, "peak_rss_bytes")}};
  if (cell.finetune) {
    const json trained = io::load_json(fs::path(cell.finetune->out) / "run.json");
    seconds["training"] = number_or_null(trained, "seconds");
    peak["training"] = number_or_null(trained, "peak_rss_bytes");
    record["training"] = {{"examples", number_or_null(trained, "examples")},
                          {"steps", number_or_null(trained, "steps")},
                          {"tokens", number_or_null(trained, "tokens")},
                          {"final_loss", number_or_null(trained, "final_loss")},
                          {"batch_tokens", number_or_null(trained, "batch_tokens")}};
  }
  for (const std::string& stage : resumed) peak[stage] = nullptr;
  record["seconds"] = seconds;
  record["peak_rss_bytes"] = peak;
  DataChoice reading = cell.reading;
  reading.keep_unknown_labels = true;
  const task::Dataset data = reading.load(cell.gold, true, host);
  auto predictions = task::read_predictions(cell.extract.out, cell.scores.missing_is_wrong);
  answer_unasked(cell, data, predictions);
  record["figures"] = figures_of(task::evaluate(data, predictions, cell.scores));
  add_answers(data, predictions, record);
  return record;
}

}  // namespace

std::optional<json> run_study_cell(const StudyCell& cell, const StageBegins& begins,
                                   StudyPerplexity& text, const Host& host) {
  Resumed resumed, other;
  if (!run_is_there(cell.embeds, begins, other, host)) return std::nullopt;
  if (!index_is_there(cell, begins, host)) return std::nullopt;
  if (!run_is_there(cell.finetune, begins, resumed, host)) return std::nullopt;
  if (!answers_are_there(cell, begins, resumed, host)) return std::nullopt;
  if (!cell.text.empty()) begins("text");
  const std::optional<json> read = text.of(cell, host);
  if (!read) return std::nullopt;
  json record = record_of(cell, resumed, host);
  if (!read->is_null()) record["text"] = *read;
  return record;
}

std::vector<task::Prediction> recorded_answers(const json& record, const task::Dataset& data) {
  const std::string place = "a record of the results";
  if (io::require_string(record, "rows", place) != rows_hash(data)) {
    fail("jobs.study", fmt::format("{} are not the rows that '{}' was measured on. Run the study "
                                   "again with the data as they are now.",
                                   data.name, io::require_string(record, "arm", place)));
  }
  const std::vector<std::string> labels = io::require_strings(record, "labels", place);
  const std::string answers = io::require_string(record, "answers", place);
  std::vector<task::Prediction> predictions;
  size_t at = 0;
  for (const task::Example& example : data.examples) {
    const size_t end = std::min(answers.find(' ', at), answers.size());
    const std::string numbers = answers.substr(at, end - at);
    at = std::min(end + 1, answers.size());
    task::Prediction& prediction = predictions.emplace_back();
    prediction.id = example.id;
    std::vector<std::string> answered;
    for (size_t from = 0; from < numbers.size() && numbers != "-";) {
      const size_t to = std::min(numbers.find('+', from), numbers.size());
      const std::string number = numbers.substr(from, to - from);
      const auto label = label_number(number, labels.size());
      if (!label) {
        fail("jobs.study",
             fmt::format("{}: 'answers' has no label '{}'. Run the cell again.", place, number));
      }
      answered.push_back(labels[*label]);
      from = to + 1;
    }
    if (!answered.empty()) prediction.label = answered[0];
    if (answered.size() > 1) prediction.labels = answered;
  }
  return predictions;
}

}  // namespace relatum::jobs
