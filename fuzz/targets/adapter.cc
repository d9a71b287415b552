// A PEFT adapter for a tiny model: adapter_config.json, then adapter_model.safetensors.
#include <cmath>

#include "../memory.h"
#include "arch/family.h"
#include "train/peft.h"

namespace relatum::fuzz {
namespace {

bool run(Bytes bytes) {
  static const MemoryFolder folder;
  static const auto model = arch::load_model(arch::ModelFiles::open(RELATUM_FUZZ_MODEL),
                                             arch::LoadOptions{});
  const auto [config, tensors] = parts_of<2>(bytes);
  folder.write("adapter_config.json", config);
  folder.write("adapter_model.safetensors", tensors);
  return accepts([&] {
    const auto adapter = train::load_peft(folder.path(), *model, DType::kF32);
    require(!adapter->modules().empty(), "an adapter adapts something");
    for (const float value : std::as_const(*adapter).values()) {
      require(std::isfinite(value), "an adapter's numbers are finite");
    }
  });
}

}  // namespace

const Target& target_adapter() {
  static const Target target{"adapter", run};
  return target;
}

}  // namespace relatum::fuzz
