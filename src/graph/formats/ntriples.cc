// N-Triples, with provenance as reified statements.
#include "graph/format.h"
#include "graph/rdf_graph.h"

namespace relatum::graph {
namespace {

void stream(const GraphStore& store, const ExportRules& rules, const Put& put) {
  write_rdf(store, RdfForm::kNTriples, rules.base_iri, put);
}

}  // namespace

const GraphFormat& graph_format_ntriples() {
  static const GraphFormat format{.name = "ntriples",
                                  .ending = ".nt",
                                  .what = "N-Triples",
                                  .needs_base = true,
                                  .stream = stream};
  return format;
}

}  // namespace relatum::graph
