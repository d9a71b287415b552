// Safetensors files, and a row of each tensor.
#include "io/safetensors.h"

#include "../target.h"
#include "../tensors.h"
#include "base/memory_file.h"

namespace relatum::fuzz {
namespace {

bool run(Bytes bytes) {
  const MemoryFile file(text_of(bytes));
  return accepts([&] {
    const auto parsed = io::Safetensors::open(file.path());
    for (const auto& tensor : parsed.tensors()) decode_last_row(tensor);
  });
}

}  // namespace

const Target& target_safetensors() {
  static const Target target{"safetensors", run};
  return target;
}

}  // namespace relatum::fuzz
