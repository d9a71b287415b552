// Counter-based random numbers: a value is a pure function of (seed, stream, index).
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

namespace relatum {

/// Mixes 64 bits (SplitMix64's finaliser; Steele, Lea & Flood 2014).
inline uint64_t mix64(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

/// A stream of random numbers without state: what is drawn depends on its place alone,
/// so a resumed or re-batched run draws the same values.
__extension__ using Wide = unsigned __int128;

class Rng {
 public:
  Rng(uint64_t seed, uint64_t stream)
      : key_(mix64(seed + 0x9e3779b97f4a7c15ull) ^ mix64(stream * 0xd1342543de82ef95ull + 1)) {}

  uint64_t bits(uint64_t index) const { return mix64(key_ + index * 0x9e3779b97f4a7c15ull); }
  /// Uniform in [0, 1).
  double uniform(uint64_t index) const { return double(bits(index) >> 11) * 0x1.0p-53; }
  /// Uniform integer in [0, n), n > 0 (bias below n / 2^64).
  uint64_t below(uint64_t index, uint64_t n) const {
    return uint64_t((static_cast<Wide>(bits(index)) * n) >> 64);
  }
  /// Standard normal (Box-Muller on draws 2·index and 2·index+1).
  double normal(uint64_t index) const {
    const double u = 1.0 - uniform(2 * index), v = uniform(2 * index + 1);
    return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
  }
  /// Fisher-Yates shuffle that uses draws 0 … size-2.
  template <class T>
  void shuffle(std::vector<T>& items) const {
    for (uint64_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[below(items.size() - i, i)]);
    }
  }

 private:
  uint64_t key_;
};

}  // namespace relatum
