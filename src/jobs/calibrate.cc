// Opened as extract does it, scored, fitted.
#include "jobs/calibrate.h"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "base/counted.h"
#include "base/error.h"
#include "jobs/answer_rule.h"
#include "jobs/answerer.h"
#include "jobs/extract_rows.h"
#include "jobs/fit_calibration.h"
#include "jobs/output_path.h"
#include "jobs/run_card.h"
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
  if (fs::exists(fs::path(options.adapter) / "run.json") && read_run(options.adapter).sentences) {
    fail("jobs.calibrate",
         fmt::format("{} learned, and asks for, the pairs of sentences; here those of whole "
                     "documents would be asked. Its temperature is fitted by `finetune` with "
                     "--dev or --holdout.",
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
    fail("jobs.calibrate",
         fmt::format("{}: example '{}' has no label, and how sure answers should be is told by "
                     "right ones. Use labelled data.",
                     task::full_place(data.file, place_of(example)), example.id));
  }
  return data;
}

// Of sentences that it was trained on, a model is surer than of others.
void tell_training_data(const RunInfo& run, const std::string& input, const Context& context) {
  if (run.train.empty()) return;
  const task::Spec train = task::parse_spec(run.train), data = task::parse_spec(input);
  const fs::path then = run.train_path.empty() ? train.path : run.train_path;
  std::error_code ignored;
  if (!fs::equivalent(then, data.path, ignored)) return;
  const bool part = train.limit || train.sample;
  context.warn(fmt::format(
      "the adapter was trained on {} {}, and of sentences that it has seen it is surer than of "
      "others. {}",
      part ? "a part of" : "sentences of", data.path,
      part ? "See to it that none of that part are among these."
           : "Calibrate it on sentences that it has not seen."));
}

// A model of the run's own is no base, and --force takes others.
std::optional<BaseIdentity> trained_base(const ExtractSetup& setup,
                                         const engine::Session& session) {
  if (has_own_model(*setup.run) || setup.run->base_hash != session.weights_hash()) {
    return std::nullopt;
  }
  return base_identity(session.files(), setup.model);
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
  if (setup.run) tell_training_data(*setup.run, options.input, host.context);
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
    renew_run_cards(options.adapter, trained_base(setup, answerer.session()), host.context);
  }
  result.finished = true;
  return result;
}

}  // namespace relatum::jobs
