// From documents to a graph.
#pragma once

#include "jobs/graph_options.h"
#include "jobs/host.h"

namespace relatum::jobs {

struct GraphResult {
  bool finished = false;  ///< false: the host stopped it; with a store the same command goes on
};

/// Reads documents, finds their entities, asks a run for the relations of their pairs, keeps what
/// each gave in a store, makes the graph of all that is kept, and writes it: to a file or a folder
/// that appears whole or not at all, or to the host's output. All that can be refused is refused
/// before a document is read. Memory does not grow with the number of documents but for their ids
/// and the distinct names. Throws Error.
GraphResult graph(const GraphOptions& options, const Host& host);

}  // namespace relatum::jobs
