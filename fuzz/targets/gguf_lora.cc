// An adapter as GGUF for a tiny model.
#include "train/gguf_lora.h"

#include <cmath>

#include "../target.h"
#include "arch/family.h"
#include "base/memory_file.h"

namespace relatum::fuzz {
namespace {

bool run(Bytes bytes) {
  static const auto model = arch::load_model(arch::ModelFiles::open(RELATUM_FUZZ_MODEL),
                                             arch::LoadOptions{});
  const MemoryFile file(text_of(bytes));
  return accepts([&] {
    const auto adapter = train::load_gguf_lora(file.path(), *model, DType::kF32);
    require(!adapter->modules().empty(), "an adapter adapts something");
    for (const float value : std::as_const(*adapter).values()) {
      require(std::isfinite(value), "an adapter's numbers are finite");
    }
  });
}

}  // namespace

const Target& target_gguf_lora() {
  static const Target target{"gguf_lora", run};
  return target;
}

}  // namespace relatum::fuzz
