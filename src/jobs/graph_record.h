// What decides a document's result, and what a graph says about itself.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "graph/store.h"
#include "jobs/graph_reading.h"

namespace relatum::jobs {

/// Named values, by content: where one differs, a document is read again. What only decides which
/// edges are chosen or how they are merged is not among them.
using GraphSettings = std::vector<std::pair<std::string, std::string>>;
GraphSettings graph_settings(const GraphSetup& setup, const Answerer& answerer);
/// The adapter's hash, and that of the settings.
GraphIdentity graph_identity(const GraphSetup& setup, const GraphSettings& settings);

struct GraphFigures {
  GraphCounts counts;
  graph::GraphSummary graph;
  int64_t removed = 0;  ///< documents that are gone
  double seconds = 0;   ///< of all of it
};

/// The record beside a graph, which `--json` prints.
nlohmann::ordered_json graph_record(const GraphOptions& options, const GraphSetup& setup,
                                    const GraphSettings& settings, const GraphFigures& figures,
                                    const Host& host);
/// The same in a few sentences.
std::vector<std::string> graph_sentences(const GraphFigures& figures);

}  // namespace relatum::jobs
