// Picks the table of fast loops for the instruction set in use.
#include <algorithm>

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
  const int64_t wide = panels + kBlock * (3 * width + 2 * columns) + kPad;
  // The bf16 loops' Memory: lanes of four vectors of 16 queries, and the keys' own panels.
  constexpr int64_t kTogether = 4 * 16, kKeys = 128;
  const int64_t narrow =
      backward ? kTogether * (width * 3 + kKeys * 2 + kKeys * 3 / 2) + columns * width * 5 / 2
               : kTogether * (width / 2 + width + columns + columns / 2) + columns / 2 * width;
  return std::max(wide, narrow + 14 * kPad);
}

}  // namespace relatum::kernels
