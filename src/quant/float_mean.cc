// Sums in lanes, rows and levels.
#include "quant/float_mean.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace relatum::quant {
namespace {

constexpr size_t kLanes = 8, kRows = 4, kLevels = 4;

template <size_t N>
using Sums = std::array<float, N>;

template <size_t N>
void add(Sums<N>& to, const float* x) {
  for (size_t i = 0; i < N; ++i) to[i] += x[i];
}

/// The sums of N columns. Each level's sums go up to the next one after 2^power of them.
template <size_t N>
Sums<N> column_sums(const float* x, size_t count) {
  const size_t log = size_t(std::bit_width(std::max<size_t>(count, 1) - 1));
  const size_t power = std::max<size_t>(4, log / kLevels), step = size_t{1} << power;
  std::array<Sums<N>, kLevels> levels{};
  size_t i = 0;
  while (i + step <= count) {
    for (const size_t end = i + step; i < end; ++i) add(levels[0], x + i * N);
    for (size_t level = 1; level < kLevels; ++level) {
      add(levels[level], levels[level - 1].data());
      levels[level - 1] = {};
      if (i & ((step - 1) << (level * power))) break;
    }
  }
  for (; i < count; ++i) add(levels[0], x + i * N);
  for (size_t level = 1; level < kLevels; ++level) add(levels[0], levels[level].data());
  return levels[0];
}

/// The sums of N lanes, of each of four rows by themselves.
template <size_t N>
Sums<N> lane_sums(const float* x, size_t count) {
  const size_t whole = count / kRows;
  const Sums<kRows* N> rows = column_sums<kRows * N>(x, whole);
  Sums<N> sums;
  std::copy_n(rows.begin(), N, sums.begin());
  for (size_t i = whole * kRows; i < count; ++i) add(sums, x + i * N);
  for (size_t row = 1; row < kRows; ++row) add(sums, rows.data() + row * N);
  return sums;
}

float sum(std::span<const float> values) {
  if (values.size() < kLanes) return lane_sums<1>(values.data(), values.size())[0];
  const size_t count = values.size() / kLanes;
  float total = 0;
  for (const float rest : values.subspan(count * kLanes)) total += rest;
  for (const float lane : lane_sums<kLanes>(values.data(), count)) total += lane;
  return total;
}

}  // namespace

float float_mean(std::span<const float> values) {
  return values.empty() ? 0.0f : sum(values) / float(values.size());
}

}  // namespace relatum::quant
