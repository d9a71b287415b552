// The part, and beside it how far it is.
#include "jobs/extract_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "io/json.h"
#include "jobs/models_folder.h"
#include "task/spec.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr double kSavingShare = 0.01;                // of the time, that saving may take …
constexpr double kOftenest = 0.2, kSeldomest = 5.0;  // … but not more, or less, often: seconds

fs::path state_path(const fs::path& out) {
  fs::path path = PartFile::path_for(out);
  path += ".json";
  return path;
}

json to_json(const ExtractIdentity& identity) {
  json list = json::array();
  for (const auto& [name, value] : identity) list.push_back({name, value});
  return list;
}

// Both lists name the same things in the same order, unless another version wrote the state.
void check_identity(const json& begun, const ExtractIdentity& now, const std::string& part) {
  for (size_t i = 0; i < now.size(); ++i) {
    const json entry = i < begun.size() ? begun[i] : json();
    if (entry == json{now[i].first, now[i].second}) continue;
    const bool known = entry.is_array() && entry.size() == 2 && entry[0] == now[i].first;
    const std::string was = known && entry[1].is_string() ? entry[1].get<std::string>() : "";
    fail("jobs.extract", fmt::format("{} was begun with another value of {} ('{}', now '{}'). Use "
                                     "the same, or --overwrite to begin anew.",
                                     part, now[i].first, was, now[i].second));
  }
}

}  // namespace

bool has_extract_state(const fs::path& out) {
  std::error_code ignored;
  return fs::exists(state_path(out), ignored) && fs::exists(PartFile::path_for(out), ignored);
}

CommandInputs inputs_of(const ExtractOptions& options, std::span<const NamedSetup> setups,
                        const Host& host) {
  CommandInputs inputs;
  inputs.add_data(options.input);
  inputs.add_options(options.data);
  inputs.files.emplace_back(options.prompt);
  inputs.files.emplace_back(options.calibration);
  for (const NamedSetup& each : setups) {
    const fs::path model = find_model(each.setup.model, each.setup.models, host);
    inputs.files.insert(inputs.files.end(), {model, fs::path(each.options.adapter)});
    for (const fs::path& folder : {fs::path(each.options.adapter), fs::path(each.setup.index)}) {
      inputs.folders.push_back(folder);
    }
    inputs.folders.push_back(model);
  }
  return inputs;
}

void check_extract_output(const ExtractOptions& options, std::span<const NamedSetup> setups,
                          const Host& host) {
  const bool none = options.out == "-", from_input = task::parse_spec(options.input).path == "-";
  if (options.resume && (none || from_input)) {
    fail("jobs.extract",
         fmt::format("--resume needs {}: standard {} cannot be resumed.",
                     none ? "--out with a file" : "--data from a file", none ? "output" : "input"));
  }
  if (options.resume && options.overwrite) {
    fail("jobs.extract",
         "--resume goes on with an output, --overwrite replaces it. Give one of "
         "them.");
  }
  if (none) return;
  const CommandInputs inputs = inputs_of(options, setups, host);
  const fs::path part = PartFile::path_for(options.out);
  const bool begun = has_extract_state(options.out);
  check_new_file(options.out, inputs, options.overwrite || options.resume);
  for (const fs::path& path :
       {fs::path(options.out + ".run.json"), part, state_path(options.out)}) {
    check_new_file(path, inputs, true);
  }
  std::error_code ignored;
  const bool there = fs::exists(part, ignored);
  if (options.resume && !there) {
    fail("jobs.extract",
         fs::exists(options.out, ignored)
             ? fmt::format("{} is whole: there is nothing left to resume.", options.out)
             : fmt::format("there is no {} to go on with. Leave out --resume.", part.string()));
  }
  if (!options.resume && !options.overwrite && there) {
    fail("jobs.extract", fmt::format("{} holds an unfinished extraction. Use {}--overwrite to "
                                     "begin anew, or another --out.",
                                     part.string(), begun ? "--resume to go on with it, " : ""));
  }
}

ExtractOutput::ExtractOutput(const ExtractOptions& options, const task::PredictionFilter& filter,
                             ExtractIdentity identity, const Host& host)
    : options_(options), host_(host), format_(extract_format(options)), filter_(filter),
      identity_(std::move(identity)) {
  if (options.out == "-" && !host.output) {
    fail("jobs.extract", "standard output is not available here. Name a file instead of '-'.");
  }
  if (options.resume && has_extract_state(options.out)) {
    const fs::path file = state_path(options.out);
    const std::string place = file.string(), part = PartFile::path_for(options.out).string();
    const json state = io::load_json(file);
    check_identity(io::require_array(state, "identity", place), identity_, part);
    const auto count = [&](const char* key) {
      const int64_t value = io::require_int(state, key, place);
      if (value >= 0) return value;
      fail("jobs.extract", fmt::format("{}: '{}' is {}. The file is damaged: begin anew with "
                                       "--overwrite.",
                                       place, key, value));
    };
    progress_ = {count("rows"),     count("left_out"), count("without_label"),
                 count("too_long"), count("overlap"),  0};
    seconds_before_ = io::get_double(state, "seconds", 0, place);
    part_.emplace(options.out, uint64_t(count("bytes")));
    kept_ = true;
    host.context.info(fmt::format("going on behind the {} rows of {}.", progress_.rows, part));
    return;
  }
  if (options.resume) host.context.info("nothing was saved before: beginning anew.");
  if (options.out != "-") {
    part_.emplace(options.out);
    std::error_code ignored;
    fs::remove(state_path(options.out), ignored);
  }
  header_ = task::prediction_header(format_, !options.adapters.empty());
}

ExtractOutput::~ExtractOutput() {
  if (part_ && !kept_) part_->discard();
}

// The header comes with the first rows: a part that holds nothing else is not left behind.
void ExtractOutput::put(std::string_view rows) {
  const std::string text = std::exchange(header_, "") + std::string(rows);
  if (text.empty()) return;
  if (part_) return part_->write(text);
  host_.output(text);
}

double ExtractOutput::seconds() const { return seconds_before_ + running_.seconds(); }

void ExtractOutput::write(std::span<const task::Example> examples,
                          std::span<const task::Prediction> predictions) {
  std::string text;
  progress_.left_out += task::write_predictions(format_, examples, predictions, filter_,
                                                [&](std::string_view piece) { text += piece; });
  for (const task::Prediction& each : predictions) progress_.without_label += !each.label;
  progress_.rows += int64_t(predictions.size());
  progress_.seconds = seconds();
  put(text);
  if (part_ && since_saved_.seconds() >= save_after_) save();
}

void ExtractOutput::save() {
  if (!part_ || progress_.rows == 0) return;
  const Stopwatch saving;
  const uint64_t bytes = part_->save();
  const json state{{"identity", to_json(identity_)}, {"rows", progress_.rows},
                   {"left_out", progress_.left_out}, {"without_label", progress_.without_label},
                   {"too_long", progress_.too_long}, {"overlap", progress_.overlap},
                   {"seconds", seconds()},           {"bytes", bytes}};
  write_file(state_path(options_.out), io::dump_json(state, 2) + "\n");
  kept_ = true;
  save_after_ = std::clamp(saving.seconds() / kSavingShare, kOftenest, kSeldomest);
  since_saved_.restart();
}

void ExtractOutput::finish(const json& record) {
  progress_.seconds = seconds();
  put("");
  if (!part_) return;
  save();
  write_file(options_.out + ".run.json", io::dump_json(record, 2) + "\n");
  part_->commit();  // last: until then all of this can be done again
  kept_ = true;
  std::error_code ignored;
  fs::remove(state_path(options_.out), ignored);
}

}  // namespace relatum::jobs
