// Calibration of an adapter that is there already.
#pragma once

#include "jobs/extract_options.h"
#include "jobs/host.h"
#include "jobs/run_calibration.h"

namespace relatum::jobs {

struct CalibrateResult {
  bool finished = false;  ///< false: the host stopped it; nothing was written
  RunCalibration calibration;
};

/// Scores labelled examples (`options.input`) that the adapter was not trained on, and writes what
/// fits them to calibration.json in the adapter's folder; a file that is there is replaced where
/// `options.overwrite` is set. Throws Error for examples without labels, and for an adapter that is
/// no folder.
CalibrateResult calibrate(const ExtractOptions& options, const Host& host);

}  // namespace relatum::jobs
