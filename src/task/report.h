// A report for programs (JSON), for the terminal and for the browser.
#pragma once

#include <string>

#include "task/evaluate.h"

namespace relatum::task {

/// The shape that `evaluate --json` prints; keys are in interface order, fractions from 0 to 1.
std::string to_json(const Report& report);
/// A table of at most 100 columns: figures, labels, worst confusions, calibration. Percent.
std::string to_text(const Report& report);
/// One self-contained page: no scripts, no links, light and dark.
std::string to_html(const Report& report);

}  // namespace relatum::task
