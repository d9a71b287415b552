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
#include "jobs/answerer.h"
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
  /// What finds entities, but for a run that learned both, which opens with the answerer.
  std::vector<std::unique_ptr<graph::EntityFinder>> finders;
  bool finds_itself = false;                    ///< the adapter's run is such a one, and is to
  std::vector<std::string> entity_types;        ///< that runs are asked for; empty: all
  std::unique_ptr<graph::EntityFinder> finder;  ///< all of them; see open_finder()
  const graph::GraphFormat* format = nullptr;   ///< nullptr: no file is written
};

/// Reads the run's record, the schema, the gazetteer and the alias table, and lists the documents.
/// Throws Error for all that cannot be honoured; writes nothing.
GraphSetup settle_graph(const GraphOptions& options, const Host& host);

/// The form that is asked for: by its name, else by the ending of `out`, without one JSON lines.
/// Throws Error for an ending that no form has, and for a form that lacks what it needs.
const graph::GraphFormat& graph_format_of(const GraphOptions& options);

/// Fills GraphSetup::finders: those that are given in documents, another run's, and the
/// gazetteer's. A run that learned both finds them by itself where neither of these two is named.
/// Tells the types in which they and the schema differ. Throws Error where there can be none.
void make_finders(const GraphOptions& options, const Host& host, GraphSetup& setup);
/// Makes one finder of them, with the answerer's run where that finds entities.
void open_finder(const Answerer& answerer, GraphSetup& setup);

}  // namespace relatum::jobs
