// From files to the report of documents.
#include "app/document_scoring.h"

#include <fmt/format.h>

#include <vector>

#include "base/printable.h"
#include "graph/schema.h"
#include "jobs/without_effect.h"
#include "task/document_report.h"
#include "task/join.h"
#include "task/spec.h"

namespace relatum::app {
namespace {

task::GoldDocuments read_gold(const DocumentScoring& scoring, const jobs::Host& host) {
  task::GoldDocuments gold{scoring.data, {}};
  const task::Dataset data = task::read_documents(
      task::parse_spec(scoring.data), scoring.reading.options(true, host),
      [&](task::Document&& document) { gold.documents.push_back(std::move(document)); });
  jobs::tell_data(data, false, host.context);
  return gold;
}

/// A label that the schema lacks could be a symmetric one with a slip of the pen.
void tell_unknown_labels(const graph::Schema& schema, const task::DocumentReport& report,
                         const std::string& file, const Context& context) {
  if (schema.relations().empty()) return;
  std::vector<std::string> unknown;
  for (const auto& [label, tally] : report.counts.labels) {
    if (!schema.find(label)) unknown.push_back(label);
  }
  if (unknown.empty()) return;
  context.warn(
      fmt::format("{} has no relation {}, which the data or the predictions have: two "
                  "directions of it count as two.",
                  file, task::listed(unknown)));
}

}  // namespace

std::string score_documents_text(const DocumentScoring& scoring, bool json,
                                 const jobs::Host& host) {
  task::DocumentScoreOptions options = scoring.options;
  graph::Schema schema;
  if (!scoring.schema.empty()) {
    if (!options.relations) {
      jobs::warn_without_effect({"--schema"}, "--task joint", host.context);
    }
    schema = graph::Schema::load(scoring.schema);
    for (const graph::RelationType& relation : schema.relations()) {
      if (relation.symmetric) options.symmetric.insert(relation.name);
    }
  }
  const task::GoldDocuments gold = read_gold(scoring, host);
  auto predictions = task::read_document_predictions(scoring.predictions, options.missing_is_wrong);
  const task::DocumentReport report = task::score_documents(gold, std::move(predictions),
                                                            scoring.predictions, options);
  for (const std::string& warning : report.warnings) host.context.warn(warning);
  if (options.relations) tell_unknown_labels(schema, report, scoring.schema, host.context);
  return json ? task::to_json(report) : printable_lines(task::to_text(report));
}

}  // namespace relatum::app
