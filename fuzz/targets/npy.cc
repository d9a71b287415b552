// NPY files.
#include "io/npy.h"

#include "../memory.h"

namespace relatum::fuzz {
namespace {

bool run(Bytes bytes) {
  const MemoryFile file(bytes);
  return accepts([&] { io::read_npy(file.path()); });
}

}  // namespace

const Target& target_npy() {
  static const Target target{"npy", run};
  return target;
}

}  // namespace relatum::fuzz
