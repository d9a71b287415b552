// Picks the table of fast loops for the instruction set in use.
#include "kernels/cpu.h"
#include "kernels/isa/table.h"

namespace relatum::kernels {

const Table& table() { return isa() == Isa::kAvx512 ? avx512::table() : avx2::table(); }

template <>
const TypedTable<float>& typed_table<float>() {
  return table().f32;
}
template <>
const TypedTable<bf16>& typed_table<bf16>() {
  return table().b16;
}

int64_t attention_scratch(int64_t keys, int64_t head_size, bool backward) {
  constexpr int64_t kPad = 16, kBlock = 16;  // as in isa/attention.cc
  const int64_t columns = (keys + kPad - 1) / kPad * kPad;
  const int64_t width = (head_size + kPad - 1) / kPad * kPad;
  const int64_t panels = (backward ? 6 : 4) * columns * width;
  return panels + kBlock * (3 * width + 2 * columns) + kPad;
}

}  // namespace relatum::kernels
