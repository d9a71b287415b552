// A graph's schema.
#include "graph/schema.h"

#include "../target.h"
#include "../texts.h"
#include "base/memory_file.h"

namespace relatum::fuzz {
namespace {

bool run(Bytes bytes) {
  const MemoryFile file(text_of(bytes));
  return accepts([&] {
    const graph::Schema schema = graph::Schema::load(file.path());
    require(!schema.empty(), "a schema that is read names something");
    for (const graph::RelationType& relation : schema.relations()) {
      require_utf8(relation.name);
      require(!relation.max_per_head || *relation.max_per_head > 0, "limits are above 0");
      require(!(relation.symmetric && relation.acyclic), "nothing is symmetric and acyclic");
      if (relation.inverse.empty()) continue;
      const graph::RelationType* inverse = schema.find(relation.inverse);
      require(inverse && inverse->inverse == relation.name, "inverses are mutual");
    }
  });
}

}  // namespace

const Target& target_schema() {
  static const Target target{"schema", run};
  return target;
}

}  // namespace relatum::fuzz
