// A report for programs (JSON), for the terminal and for the browser.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "task/evaluate.h"

namespace relatum::task {

/// Where the figures come from, for people: name and value, e.g. "model", "smollm2-135m-instruct".
using ReportFact = std::pair<std::string, std::string>;

/// The shape that `evaluate --json` prints; keys are in interface order, fractions from 0 to 1.
std::string to_json(const Report& report);
/// A table of at most 100 columns: figures, labels, worst confusions, calibration. Percent. Figures
/// that nobody wants for these labels are left out.
std::string to_text(const Report& report);
/// One self-contained page: no scripts, no links, light and dark; tables and pictures scroll on
/// their own where the screen is narrow.
std::string to_html(const Report& report, std::span<const ReportFact> facts = {});

/// What stands where a gold label has no answer beside it: "(unparsed)", or "(no answer)" where
/// pairs have several labels.
std::string_view no_answer_name(const Report& report);

}  // namespace relatum::task
