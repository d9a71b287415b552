// Opened as extract does it, scored, fitted.
#include "jobs/calibrate.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/counted.h"
#include "base/error.h"
#include "io/json.h"
#include "jobs/answer_rule.h"
#include "jobs/answerer.h"
#include "jobs/extract_rows.h"
#include "jobs/finetune_card.h"
#include "jobs/fit_calibration.h"
#include "jobs/output_path.h"
#include "jobs/style_choice.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

void check(const ExtractOptions& options) {
  if (!fs::is_directory(options.adapter)) {
    fail("jobs.calibrate", fmt::format("{} is no folder, and a temperature is kept beside the "
                                       "adapter. Name the folder of a run or of an adapter in "
                                       "PEFT's layout.",
                                       options.adapter));
  }
  CommandInputs inputs;
  inputs.add_data(options.input);
  inputs.add_options(options.data);
  check_new_file(calibration_file(options.adapter), inputs, options.overwrite);
}

task::Dataset labelled(const ExtractOptions& options, const Host& host) {
  DataChoice choice = options.data;
  choice.keep_unknown_labels = true;
  Host silent = host;
  silent.context.log = {};  // the rows are looked through once more, aloud
  const task::Dataset data = choice.load(options.input, true, silent);
  for (const task::Example& example : data.examples) {
    if (!task::gold_labels(example).empty()) continue;
    fail("jobs.calibrate", fmt::format("{}:{}: example '{}' has no label, and how sure answers "
                                       "should be is told by right ones. Use labelled data.",
                                       data.file, example.line, example.id));
  }
  return data;
}

// Of sentences that it was trained on, a model is surer than of others.
void tell_training_data(const ExtractOptions& options, const Context& context) {
  const fs::path record = fs::path(options.adapter) / "run.json";
  const std::string train = io::get_string(io::load_json(record), "train", "", record.string());
  if (train.empty()) return;
  std::error_code ignored;
  if (!fs::equivalent(task::parse_spec(train).path, task::parse_spec(options.input).path,
                      ignored)) {
    return;
  }
  context.warn(
      fmt::format("the adapter was trained on sentences of {}, and of those it is surer than "
                  "of others. Calibrate it on sentences that it has not seen.",
                  options.input));
}

}  // namespace

CalibrateResult calibrate(const ExtractOptions& given, const Host& host) {
  ExtractOptions options = given;
  options.no_calibration = true;  // what is fitted are the model's own probabilities
  options.answer = "scored";
  check(options);
  if (task::parse_spec(options.input).path == "-") {
    fail("jobs.calibrate", "--data is read twice, so it cannot be standard input. Name a file.");
  }
  const task::Dataset data = labelled(options, host);
  const std::vector<NamedSetup> setups = settle_adapters(options, host);
  const ExtractSetup& setup = setups[0].setup;
  if (setup.run) tell_training_data(options, host.context);
  const ExtractRows rows(options, setups, host);
  Answerer answerer(options, setup, rows.labels(), host);
  answerer.set_file(rows.file());
  tell_lost_characters(setup.style, answerer.session().tokenizer(), host.context);
  const auto scores = answerer.score(data.examples);
  host.context.end_progress();
  CalibrateResult result;
  if (host.context.stopping() || scores.empty()) return result;
  if (answerer.counts().too_long) host.context.warn(answerer.counts().first_too_long + ".");
  RunCalibration& calibration = result.calibration;
  calibration.modes = fit_calibration(scores, data, rows.labels(), named_negative(options, setup));
  calibration.adapter_hash = adapter_hash(options.adapter, setup.run);
  calibration.data = options.input;
  calibration.examples = calibration.modes.at("scored").fit.examples;
  calibration.prompt_hash = task::style_hash(setup.style);
  calibration.index_hash = answerer.index_hash();
  if (calibration.examples < kFewestForCalibration) {
    host.context.warn(fmt::format("{} {} few to tell how sure answers should be; {} are a start.",
                                  counted(calibration.examples, "example"),
                                  calibration.examples == 1 ? "is" : "are", kFewestForCalibration));
  }
  write_calibration(options.adapter, calibration);
  if (setup.run) {
    renew_run_card(options.adapter, has_own_model(*setup.run),
                   base_identity(answerer.session().files(), setup.model), host.context);
  }
  result.finished = true;
  return result;
}

}  // namespace relatum::jobs
