// evaluate of documents: entities and relations end to end.
#pragma once

#include <string>

#include "jobs/choices.h"
#include "jobs/host.h"
#include "task/document_scores.h"

namespace relatum::app {

struct DocumentScoring {
  std::string data, predictions;
  std::string schema;  ///< file; "": none
  jobs::DataChoice reading;
  task::DocumentScoreOptions options;
};

/// Reads data, predictions and schema, tells warnings, and gives the report as JSON or as text for
/// the terminal.
std::string score_documents_text(const DocumentScoring& scoring, bool json, const jobs::Host& host);

}  // namespace relatum::app
