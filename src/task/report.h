// A report for programs (JSON) and for the terminal; page/evaluation_page.h has the browser's.
#pragma once

#include <string>
#include <string_view>

#include "task/evaluate.h"

namespace relatum::task {

/// The shape that `evaluate --json` prints; keys are in interface order, fractions from 0 to 1.
std::string to_json(const Report& report);
/// A table of at most 100 columns: figures, labels, worst confusions, calibration. Percent. Figures
/// that nobody wants for these labels are left out.
std::string to_text(const Report& report);
/// What stands where a gold label has no answer beside it: "(unparsed)", or "(no answer)" where
/// pairs have several labels.
std::string_view no_answer_name(const Report& report);

}  // namespace relatum::task
