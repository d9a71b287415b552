// SQLite, with full-text search over the sentences: the store's own tables.
#include "graph/format.h"

namespace relatum::graph {
namespace {

void write(const GraphStore& store, const ExportRules&, const std::filesystem::path& path) {
  store.copy_to(path);
}

}  // namespace

const GraphFormat& graph_format_sqlite() {
  static const GraphFormat format{.name = "sqlite",
                                  .ending = ".sqlite",
                                  .what = "SQLite, with full-text search over the sentences",
                                  .write = write};
  return format;
}

}  // namespace relatum::graph
