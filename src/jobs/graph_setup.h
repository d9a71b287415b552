// All that a graph is made with, settled and checked before documents are read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/documents/document_files.h"
#include "graph/entity_finder.h"
#include "graph/format.h"
#include "graph/store.h"
#include "jobs/extract_setup.h"
#include "jobs/graph_options.h"
#include "jobs/graph_pairs.h"

namespace relatum::jobs {

struct GraphSetup {
  ExtractOptions asking;             ///< the answerer's
  std::vector<NamedSetup> adapters;  ///< one
  GraphPairRules pairs;
  graph::GraphRules rules;
  std::string language;  ///< of the documents
  graph::DocumentFiles files;
  std::unique_ptr<graph::EntityFinder> finder;
  const graph::GraphFormat* format = nullptr;  ///< nullptr: no file is written
};

/// Reads the run's record, the schema, the gazetteer and the alias table, and lists the documents.
/// Throws Error for all that cannot be honoured; writes nothing.
GraphSetup settle_graph(const GraphOptions& options, const Host& host);

/// The form that is asked for: by its name, else by the ending of `out`, else JSON lines. Throws
/// Error for one that lacks what it needs.
const graph::GraphFormat& graph_format_of(const GraphOptions& options);

/// What finds entities: those that are given in documents, the run's, and the gazetteer's. Throws
/// Error where there can be none.
std::unique_ptr<graph::EntityFinder> make_finder(const GraphOptions& options,
                                                 const graph::DocumentFiles& files,
                                                 const Host& host);

}  // namespace relatum::jobs
