// The file's keys.
#include "jobs/run_calibration.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/hash.h"
#include "io/format_version.h"
#include "io/json.h"
#include "jobs/process_facts.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json to_json(const std::optional<task::TunedThreshold>& tuned) {
  if (!tuned) return json();
  return {{"value", tuned->value},
          {"metric", tuned->metric},
          {"f1", tuned->f1},
          {"f1_likeliest", tuned->f1_likeliest}};
}

json to_json(const ModeCalibration& mode) {
  const task::TemperatureFit& fit = mode.fit;
  return {{"temperature", fit.temperature},
          {"low", fit.low},
          {"high", fit.high},
          {"found", fit.found},
          {"left_off", mode.left_off ? json(*mode.left_off) : json()},
          {"log_loss", {{"before", fit.before}, {"after", fit.after}}},
          {"ece", {{"before", mode.gain.ece_before}, {"after", mode.gain.ece_after}}},
          {"brier", {{"before", mode.gain.brier_before}, {"after", mode.gain.brier_after}}},
          {"threshold", to_json(mode.negative)},
          {"multi_label", to_json(mode.several)}};
}

double checked(double value, double low, double high, const char* key, const std::string& place) {
  if (value >= low && value <= high) return value;
  fail("jobs.calibration", fmt::format("{}: '{}' is {}: expected {} to {}. Fit it again with "
                                       "`relatum calibrate`.",
                                       place, key, value, low, high));
}

std::optional<task::TunedThreshold> read_threshold(const json& mode, const char* key,
                                                   const std::string& place) {
  const json* given = io::find(mode, key);
  if (!given) return std::nullopt;
  task::TunedThreshold tuned;
  tuned.value = checked(io::require_double(*given, "value", place), 0, 1, key, place);
  tuned.metric = io::get_string(*given, "metric", "", place);
  tuned.f1 = io::get_double(*given, "f1", 0, place);
  tuned.f1_likeliest = io::get_double(*given, "f1_likeliest", 0, place);
  return tuned;
}

ModeCalibration read_mode(const json& given, int64_t examples, const std::string& place) {
  ModeCalibration mode;
  task::TemperatureFit& fit = mode.fit;
  fit.temperature = checked(io::require_double(given, "temperature", place),
                            task::kLowestTemperature, task::kHighestTemperature, "temperature",
                            place);
  fit.low = io::get_double(given, "low", fit.temperature, place);
  fit.high = io::get_double(given, "high", fit.temperature, place);
  fit.found = io::get_bool(given, "found", true, place);
  fit.examples = examples;
  if (io::find(given, "left_off")) mode.left_off = io::require_double(given, "left_off", place);
  const auto pair = [&](const char* key, double& before, double& after) {
    const json* both = io::find(given, key);
    if (!both) return;
    before = io::get_double(*both, "before", 0, place);
    after = io::get_double(*both, "after", 0, place);
  };
  pair("log_loss", fit.before, fit.after);
  pair("ece", mode.gain.ece_before, mode.gain.ece_after);
  pair("brier", mode.gain.brier_before, mode.gain.brier_after);
  mode.negative = read_threshold(given, "threshold", place);
  mode.several = read_threshold(given, "multi_label", place);
  return mode;
}

}  // namespace

fs::path calibration_file(const fs::path& run) { return run / "calibration.json"; }

std::string adapter_hash(const fs::path& folder, const std::optional<RunInfo>& run) {
  if (run && has_own_model(*run)) return run->trained_hash;
  const fs::path numbers = folder / "adapter_model.safetensors";
  if (fs::exists(numbers)) return sha256_file(numbers);
  std::error_code ignored;
  return fs::is_regular_file(folder, ignored) ? sha256_file(folder) : "";
}

RunCalibration load_calibration(const fs::path& file) {
  const std::string place = file.string();
  const json record = io::load_json(file);
  io::check_format_version(io::require_int(record, "format_version", place), kCalibrationVersion,
                           place, "use the build that wrote it, or fit it again");
  RunCalibration calibration;
  calibration.adapter_hash = io::require_string(record, "adapter_hash", place);
  calibration.data = io::get_string(record, "data", "", place);
  calibration.examples = io::get_int(record, "examples", 0, place);
  calibration.prompt_hash = io::get_string(record, "prompt_hash", "", place);
  calibration.index_hash = io::get_string(record, "index_hash", "", place);
  for (const auto& entry : io::require_object(record, "modes", place).items()) {
    calibration.modes[entry.key()] = read_mode(entry.value(), calibration.examples, place);
  }
  return calibration;
}

void check_calibration(const RunCalibration& calibration, const fs::path& file,
                       const std::string& hash, const fs::path& folder) {
  if (calibration.adapter_hash == hash) return;
  const bool beside = file.parent_path() == folder;
  fail("jobs.calibration",
       fmt::format("{} was fitted with another adapter than {}. Fit it again with `relatum "
                   "calibrate --adapter {}`, or do without by --no-calibration.",
                   file.string(), beside ? "the one beside it" : "that of " + folder.string(),
                   beside ? folder.string() : "RUN"));
}

std::optional<RunCalibration> read_calibration(const fs::path& folder,
                                               const std::optional<RunInfo>& run) {
  const fs::path file = calibration_file(folder);
  if (!fs::exists(file)) return std::nullopt;
  RunCalibration calibration = load_calibration(file);
  check_calibration(calibration, file, adapter_hash(folder, run), folder);
  return calibration;
}

void write_calibration(const fs::path& folder, const RunCalibration& calibration) {
  json record{{"format_version", kCalibrationVersion},
              {"version", RELATUM_VERSION},
              {"time", utc_now()},
              {"adapter_hash", calibration.adapter_hash},
              {"data", calibration.data},
              {"examples", calibration.examples},
              {"prompt_hash", calibration.prompt_hash},
              {"index_hash", calibration.index_hash},
              {"modes", json::object()}};
  for (const auto& entry : calibration.modes) record["modes"][entry.first] = to_json(entry.second);
  write_file(calibration_file(folder), io::dump_json(record, 2) + "\n");
}

}  // namespace relatum::jobs
