// An alias table.
#include "graph/aliases.h"

#include "../target.h"
#include "base/memory_file.h"

namespace relatum::fuzz {
namespace {

bool run(Bytes bytes) {
  const MemoryFile file(text_of(bytes));
  return accepts([&] { graph::Aliases::load(file.path()); });
}

}  // namespace

const Target& target_aliases() {
  static const Target target{"aliases", run};
  return target;
}

}  // namespace relatum::fuzz
