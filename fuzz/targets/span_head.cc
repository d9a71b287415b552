// The classifier of spans that a run keeps: entities.safetensors.
#include <cmath>

#include "../memory.h"
#include "train/span_training.h"

namespace relatum::fuzz {
namespace {

bool run(Bytes bytes) {
  static const MemoryFolder folder;
  train::SpanForm form;
  form.classes = 3;
  form.width = 4;
  form.widest = 5;
  form.lengths = form.hidden = 2;
  folder.write("entities.safetensors", bytes);
  return accepts([&] {
    const train::LoadedSpanHead loaded = train::load_span_head(folder.path(), form, DType::kF32);
    require(loaded.head.widest == 5 && loaded.widths.size() == 4, "a head has the run's sizes");
    for (const float value : loaded.widths) require(std::isfinite(value), "numbers are finite");
  });
}

}  // namespace

const Target& target_span_head() {
  static const Target target{"span_head", run};
  return target;
}

}  // namespace relatum::fuzz
