// Scores of entities and relations for programs (JSON) and for the terminal.
#pragma once

#include <string>

#include "task/document_scores.h"

namespace relatum::task {

/// What `evaluate --task entities|joint --json` prints; fractions from 0 to 1.
std::string to_json(const DocumentReport& report);
/// A table of at most 100 columns, in percent.
std::string to_text(const DocumentReport& report);

}  // namespace relatum::task
