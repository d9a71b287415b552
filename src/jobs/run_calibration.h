// calibration.json: what dev data say of a run's probabilities, kept beside its adapter.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "jobs/run_record.h"
#include "task/temperature.h"
#include "task/threshold.h"

namespace relatum::jobs {

/// What calibration.json's "format_version" says.
inline constexpr int64_t kCalibrationVersion = 1;

/// Figures of the same examples without and with the temperature.
struct CalibrationGain {
  double ece_before = 0, ece_after = 0;  ///< 15 bins of equal mass
  double brier_before = 0, brier_after = 0;
};

/// One way of answering.
struct ModeCalibration {
  task::TemperatureFit fit;
  CalibrationGain gain;
  /// A temperature that fits best and is not used, so that the fit's is 1: its interval holds 1,
  /// and it raises the calibration error of the very examples.
  std::optional<double> left_off;
  /// Of tempered probabilities: from which a relation is answered, not the negative label (where
  /// there is one), and from which a label is one of several. Not for constrained answers.
  std::optional<task::TunedThreshold> negative, several;
};

struct RunCalibration {
  std::string adapter_hash;  ///< of the numbers that it was fitted with
  std::string data;          ///< the SPEC, or how the examples were held out
  int64_t examples = 0;
  std::string prompt_hash, index_hash;           ///< how they were asked
  std::map<std::string, ModeCalibration> modes;  ///< by the name behind --answer
};

/// RUN/calibration.json.
std::filesystem::path calibration_file(const std::filesystem::path& run);
/// SHA-256 of an adapter's numbers, or of the model that the run trained.
std::string adapter_hash(const std::filesystem::path& folder, const std::optional<RunInfo>& run);

/// Throws Error with file and key.
RunCalibration load_calibration(const std::filesystem::path& file);
/// Throws Error where it was not fitted with the numbers of this hash, those of `folder`.
void check_calibration(const RunCalibration& calibration, const std::filesystem::path& file,
                       const std::string& hash, const std::filesystem::path& folder);
/// Nothing where the folder has none. Throws Error with file and key, and for one of another
/// adapter.
std::optional<RunCalibration> read_calibration(const std::filesystem::path& folder,
                                               const std::optional<RunInfo>& run);
/// Writes it in one step.
void write_calibration(const std::filesystem::path& folder, const RunCalibration& calibration);

}  // namespace relatum::jobs
