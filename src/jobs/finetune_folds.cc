// One run after the other, then the answers of all.
#include "jobs/finetune_folds.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/atomic_file.h"
#include "base/counted.h"
#include "base/error.h"
#include "base/folder_lock.h"
#include "base/hash.h"
#include "base/known_names.h"
#include "io/format_version.h"
#include "io/json.h"
#include "jobs/finetune.h"
#include "jobs/finetune_entities.h"
#include "jobs/finetune_folder.h"
#include "jobs/finetune_start.h"
#include "jobs/finetune_started.h"
#include "jobs/output_path.h"
#include "jobs/process_facts.h"
#include "jobs/run_record.h"
#include "task/answer_prompts.h"
#include "task/evaluate.h"
#include "task/folds.h"
#include "task/spec.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int64_t kFoldsVersion = 1;
constexpr const char* kPredictions = "predictions.jsonl";

fs::path fold_folder(const fs::path& run, int64_t number) {
  return run / fmt::format("fold-{}", number + 1);
}

// Of what a fold trains on and is asked: ids, sentences with their marks, labels.
std::string data_hash(const task::Dataset& data) {
  std::string text;
  for (const task::Example& example : data.examples) {
    text += example.id + '\0' + task::marked_text(example) + '\0' + example.label.value_or("") +
            '\n';
  }
  return sha256(std::as_bytes(std::span(text)));
}

void check_place(const FinetuneOptions& options, const Host& host) {
  const fs::path run(options.out);
  check_output_folder(run);
  if (task::parse_spec(options.train).path == "-") {
    fail("jobs.folds",
         "--folds reads the training data once for each part, and standard input "
         "can be read once. Give --train a file.");
  }
  if (fs::exists(run / "run.json") || fs::exists(finetune_state(run))) {
    fail("jobs.folds", fmt::format("{} holds a run of one training. Use another --out for the "
                                   "folds.",
                                   run.string()));
  }
  CommandInputs inputs;
  for (const std::string& spec : {options.train, options.dev}) inputs.add_data(spec);
  inputs.add_options(options.data);
  inputs.folders = {options.index, options.init_adapter, options.model.path(host)};
  check_not_read(folds_record(run), inputs);
  check_not_read(run / kPredictions, inputs);
  if (options.resume || options.overwrite) return;
  for (const fs::path& place : {folds_record(run), run / kPredictions}) {
    if (!fs::exists(place)) continue;
    fail("jobs.folds", fmt::format("{} is there already. Use --resume to go on with it, "
                                   "--overwrite to replace it, or another --out.",
                                   place.string()));
  }
}

task::Dataset load_rows(const FinetuneOptions& options, const Host& host) {
  Host silent = host;
  silent.context.log = {};  // each fold says it, the first aloud
  return options.data.load(options.train, true, silent);
}

void tell_small_labels(const task::Dataset& data, int64_t folds, const Context& context) {
  const std::vector<std::string> names = task::labels_below(data.examples, folds);
  if (names.empty()) return;
  context.warn(
      fmt::format("{} with fewer rows than the {} folds ({}): some folds are asked "
                  "for none of them, and where all rows of one fall into one fold, that "
                  "fold never learned it.",
                  counted(int64_t(names.size()), "label"), folds, first_names(names)));
}

// Warnings of the same data come once.
Host without_repeats(const Host& host) {
  const auto told = std::make_shared<std::set<std::string>>();
  Host quiet = host;
  quiet.context.log = [told, log = host.context.log](LogLevel level, const std::string& line) {
    if (level == LogLevel::kWarning && !told->insert(line).second) return;
    if (log) log(level, line);
  };
  return quiet;
}

json record_of(const FinetuneOptions& o, const std::string& data, const char* status,
               const Host& host) {
  json record{{"format_version", kFoldsVersion}, {"status", status},
              {"version", RELATUM_VERSION},      {"time", utc_now()},
              {"command", host.command},         {"folds", o.folds},
              {"seed", o.training.seed},         {"data_sha256", data},
              {"documents_whole", true}};
  record.update(start_record(o, ""));
  return record;
}

void write_record(const FinetuneOptions& o, const json& record) {
  write_file(folds_record(o.out), io::dump_json(record, 2) + "\n");
}

/// Earlier versions cut documents apart, where their pairs have texts of their own.
void check_same_cut(const FinetuneOptions& o, const task::Dataset& data) {
  const std::string place = folds_record(o.out).string();
  if (io::get_bool(io::load_json(place), "documents_whole", false, place)) return;
  if (task::whole_groups(data.examples) == task::text_groups(data.examples)) return;
  fail("jobs.folds",
       fmt::format("{}: an earlier version cut these folds, which have pairs of one document in "
                   "several of them. Start over with --overwrite.",
                   place));
}

void check_same_data(const FinetuneOptions& o, const std::string& data) {
  const std::string place = folds_record(o.out).string();
  const json record = io::load_json(place);
  io::check_format_version(io::get_int(record, "format_version", kFoldsVersion, place),
                           kFoldsVersion, place, "use the build that wrote it, or --overwrite");
  if (io::require_int(record, "folds", place) != o.folds) {
    fail("jobs.folds", fmt::format("{}: --folds was {} and is now {}. Leave it out, or start over "
                                   "with --overwrite.",
                                   place, io::require_int(record, "folds", place), o.folds));
  }
  if (io::require_string(record, "data_sha256", place) == data) return;
  fail("jobs.folds", fmt::format("{}: the training data are not those that its folds were cut "
                                 "from. Give --train the same rows, or start over with "
                                 "--overwrite.",
                                 place));
}

bool is_done(const fs::path& fold) {
  std::error_code ignored;
  return fs::exists(fold / "run.json", ignored) && fs::exists(fold / kPredictions, ignored) &&
         read_run(fold).status == "done";
}

// True where the fold came to its end, now or before.
bool train_fold(const FinetuneOptions& all, int64_t number, const std::function<void()>& begun,
                const Host& host) {
  FinetuneOptions options = all;
  const fs::path folder = fold_folder(all.out, number);
  options.out = folder.string();
  options.folds = 0;
  options.fold = Fold{number, all.folds, begun};
  options.words = {};  // those of all folds stand in their common record
  if (all.resume && is_done(folder)) {
    host.context.info(fmt::format("fold {} of {}: finished before.", number + 1, all.folds));
    return true;
  }
  host.context.info(fmt::format("fold {} of {}:", number + 1, all.folds));
  options.resume = all.resume && fs::exists(finetune_state(folder));
  options.overwrite = !options.resume && (all.resume || all.overwrite);
  return finetune(options, host).finished;
}

// Those of a run that is replaced, which --resume would take for its own. The first is replaced by
// the fold that begins.
void remove_later_folds(const FinetuneOptions& o) {
  for (int64_t number = 1; fs::is_directory(fold_folder(o.out, number)); ++number) {
    fs::remove_all(fold_folder(o.out, number));
  }
}

// A fold that was trained in an earlier call may be of another base or style.
void check_alike(const FinetuneOptions& o, int64_t number) {
  const RunInfo first = read_run(fold_folder(o.out, 0));
  const RunInfo now = read_run(fold_folder(o.out, number));
  const bool alike = first.base_hash == now.base_hash && first.prompt_hash == now.prompt_hash &&
                     first.base == now.base && first.index_hash == now.index_hash;
  if (alike) return;
  fail("jobs.folds",
       fmt::format("{} was trained with another base, prompt style or index than {}. "
                   "Start over with --overwrite.",
                   fold_folder(o.out, number).string(), fold_folder(o.out, 0).string()));
}

task::Report score(const FinetuneOptions& o, const task::Dataset& data,
                   const std::vector<task::Prediction>& predictions) {
  return task::evaluate(data, predictions, {.negative = negative_of(o, data.labels), .samples = 0});
}

FoldScore score_of(const task::Report& report) {
  FoldScore score{report.examples, report.unparsed,
                  report.official.scores ? report.official.scores->f1 : 0.0, report.accuracy};
  for (const task::NamedScores& each : report.metrics) {
    if (each.scores && each.wanted) score.metrics[each.name] = each.scores->f1;
  }
  return score;
}

// Of fractions: the interval ends where they do.
task::Spread spread_of(const std::vector<double>& fractions) {
  task::Spread spread = task::spread_of(fractions);
  spread.low = std::max(spread.low, 0.0);
  spread.high = std::min(spread.high, 1.0);
  return spread;
}

// Reads every fold's answers. A row that was too long for the model has none: it counts as wrong.
FoldsResult pool(const FinetuneOptions& o, const task::Dataset& data) {
  const std::vector<int64_t> folds = task::assign_folds(data.examples, o.folds, o.training.seed);
  FoldsResult result;
  std::map<std::string, task::Prediction> answers;
  std::vector<double> official, accuracy;
  std::vector<task::Prediction> all;
  for (int64_t number = 0; number < o.folds; ++number) {
    const fs::path file = fold_folder(o.out, number) / kPredictions;
    for (task::Prediction& each : task::read_predictions(file, true)) {
      answers[each.id] = std::move(each);
    }
    task::Dataset part = data;
    part.examples.clear();
    std::vector<task::Prediction> predictions;
    for (size_t i = 0; i < folds.size(); ++i) {
      if (folds[i] != number) continue;
      part.examples.push_back(data.examples[i]);
      task::Prediction& prediction = answers[data.examples[i].id];
      prediction.id = data.examples[i].id;
      predictions.push_back(prediction);
    }
    const task::Report report = score(o, part, predictions);
    result.folds.push_back(score_of(report));
    official.push_back(result.folds.back().official);
    accuracy.push_back(result.folds.back().accuracy);
  }
  for (const task::Example& example : data.examples) all.push_back(answers.at(example.id));
  const task::Report report = score(o, data, all);
  result.pooled = score_of(report);
  result.metric = report.official.title;
  result.official = spread_of(official);
  result.accuracy = spread_of(accuracy);
  std::string text;
  for (const task::Prediction& prediction : all) text += task::to_json(prediction) + "\n";
  write_file(fs::path(o.out) / kPredictions, text);
  result.finished = true;
  return result;
}

json spread_json(const task::Spread& spread) {
  return {{"mean", spread.mean},
          {"deviation", spread.deviation},
          {"low", spread.low},
          {"high", spread.high},
          {"level", spread.level}};
}

json scores_json(const FoldsResult& result) {
  json folds = json::array();
  const auto fold = [](const FoldScore& score) {
    return json{{"rows", score.rows},
                {"unparsed", score.unparsed},
                {"official", score.official},
                {"accuracy", score.accuracy},
                {"metrics", score.metrics}};
  };
  for (const FoldScore& score : result.folds) folds.push_back(fold(score));
  return {{"metric", result.metric},
          {"folds", folds},
          {"official", spread_json(result.official)},
          {"accuracy", spread_json(result.accuracy)},
          {"pooled", fold(result.pooled)}};
}

}  // namespace

fs::path folds_record(const fs::path& run) { return run / "folds.json"; }

bool answer_fold(const FinetuneParts& parts, engine::Worker& worker, const Context& context) {
  const task::AnswerOptions answers{.keep_scores = true, .chat = parts.options.chat};
  const auto predictions = task::answer_prompts(worker, parts.renderer, parts.rows.test, answers,
                                                context);
  context.end_progress();
  if (context.stopping()) return false;
  std::string text;
  for (const task::Prediction& prediction : predictions) text += task::to_json(prediction) + "\n";
  write_file(fs::path(parts.options.out) / kPredictions, text);
  return true;
}

FoldsResult finetune_folds(const FinetuneOptions& given, const Host& host) {
  if (finds_entities(given)) check_entities(given);
  if (learns_both(given)) check_joint(given);
  check_pairs(given);
  check_resume(given);
  FinetuneOptions options = given;
  options.resume = false;  // the common record has no more than what was given
  read_start(options, host);
  options.resume = given.resume;
  check_place(options, host);
  const task::Dataset data = load_rows(options, host);
  task::assign_folds(data.examples, options.folds, options.training.seed);  // refuses
  const std::string hash = data_hash(data);
  if (options.resume) {
    check_same_data(options, hash);
    check_same_cut(options, data);
  }
  tell_small_labels(data, options.folds, host.context);
  std::optional<FolderLock> lock;
  if (fs::is_directory(options.out)) lock.emplace(options.out);
  bool written = false;
  const auto begun = [&] {  // until then it may be refused, and nothing is written
    if (!lock) lock.emplace(options.out);
    if (!written && !options.resume) remove_later_folds(options);
    written = true;
    write_record(given, record_of(options, hash, "running", host));
  };
  const Host telling = without_repeats(host);
  for (int64_t number = 0; number < options.folds; ++number) {
    if (!train_fold(options, number, begun, telling)) {
      if (!written) return {};
      write_record(given, record_of(options, hash, "interrupted", host));
      host.context.info(
          fmt::format("stopped in fold {} of {}. Continue with `relatum finetune "
                      "--resume --out {}`.",
                      number + 1, options.folds, options.out));
      return {};
    }
    check_alike(options, number);
  }
  const FoldsResult result = pool(options, data);
  json record = record_of(options, hash, "done", host);
  record["scores"] = scores_json(result);
  write_record(given, record);
  host.context.info(fmt::format("the answers for all rows are in {}.",
                                (fs::path(options.out) / kPredictions).string()));
  return result;
}

std::string folds_text(const FoldsResult& result) {
  std::string text = fmt::format("{:<14} {:>6} {:>9} {:>9}   F1: {}\n", "", "rows", "F1",
                                 "accuracy", result.metric);
  const auto line =
      [&](const std::string& name, const std::string& rows, double f1, double accuracy) {
    text += fmt::format("{:<14} {:>6} {:>9.2f} {:>9.2f}\n", name, rows, 100 * f1, 100 * accuracy);
  };
  for (size_t i = 0; i < result.folds.size(); ++i) {
    const FoldScore& fold = result.folds[i];
    line(fmt::format("fold {}", i + 1), std::to_string(fold.rows), fold.official, fold.accuracy);
  }
  line("mean", "", result.official.mean, result.accuracy.mean);
  line("deviation", "", result.official.deviation, result.accuracy.deviation);
  line("95 % from", "", result.official.low, result.accuracy.low);
  line("95 % to", "", result.official.high, result.accuracy.high);
  line("all rows", std::to_string(result.pooled.rows), result.pooled.official,
       result.pooled.accuracy);
  if (result.pooled.unparsed > 0) {
    text += fmt::format("{} without an answer, counted as wrong.\n",
                        counted(result.pooled.unparsed, "row"));
  }
  return text;
}

}  // namespace relatum::jobs
