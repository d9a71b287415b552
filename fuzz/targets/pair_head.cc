// The classifier of pairs that a run keeps: pairs.safetensors.
#include <cmath>

#include "../memory.h"
#include "train/pair_numbers.h"

namespace relatum::fuzz {
namespace {

bool run(Bytes bytes) {
  static const MemoryFolder folder;
  train::PairForm form;
  form.labels = form.hidden = 2;
  form.types = 3;
  form.width = 4;
  folder.write("pairs.safetensors", bytes);
  return accepts([&] {
    const train::LoadedPairHead loaded = train::load_pair_head(folder.path(), form, DType::kF32);
    const auto rows = size_t(nn::PairHead::table_rows(form.types));
    require(loaded.table.size() == rows * 2, "a head has the run's sizes");
    for (const float value : loaded.table) require(std::isfinite(value), "numbers are finite");
  });
}

}  // namespace

const Target& target_pair_head() {
  static const Target target{"pair_head", run};
  return target;
}

}  // namespace relatum::fuzz
