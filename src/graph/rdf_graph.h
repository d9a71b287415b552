// A graph as RDF: edges as triples, and what speaks for them as reified statements.
#pragma once

#include "graph/rdf_writer.h"

namespace relatum::graph {

/// Writes the whole graph. docs/graph-output.md has the vocabulary.
void write_rdf(const GraphStore& store, RdfForm form, const std::string& base, const Put& put);

}  // namespace relatum::graph
