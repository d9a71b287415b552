// The tables of fast loops that this CPU can run.
#pragma once

#include <string>
#include <vector>

#include "kernels/isa/table.h"

namespace relatum::testing {

struct NamedTable {
  std::string name;
  const kernels::Table* table;
};

inline std::vector<NamedTable> tables() {
  std::vector<NamedTable> result{{"avx2", &kernels::avx2::table()}};
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
    result.push_back({"avx512", &kernels::avx512::table()});
  }
  return result;
}

template <class T>
const kernels::TypedTable<T>& typed(const kernels::Table& table) {
  if constexpr (std::is_same_v<T, float>) {
    return table.f32;
  } else {
    return table.b16;
  }
}

/// Row lengths around the vectors' widths, 0 … 2 * 16 + 1, and two of real models.
inline std::vector<int64_t> lengths() {
  std::vector<int64_t> result;
  for (int64_t n = 0; n <= 33; ++n) result.push_back(n);
  result.push_back(576);
  result.push_back(1025);
  return result;
}

}  // namespace relatum::testing
