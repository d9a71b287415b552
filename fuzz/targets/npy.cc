// NPY files.
#include "io/npy.h"

#include "../target.h"
#include "base/memory_file.h"

namespace relatum::fuzz {
namespace {

bool run(Bytes bytes) {
  const MemoryFile file(text_of(bytes));
  return accepts([&] { io::read_npy(file.path()); });
}

}  // namespace

const Target& target_npy() {
  static const Target target{"npy", run};
  return target;
}

}  // namespace relatum::fuzz
