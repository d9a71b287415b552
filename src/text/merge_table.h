// Pairs of token ids → rank and result: the lookup that byte-pair encoding spends its time in.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/rng.h"

namespace relatum::text {

struct Merge {
  int32_t rank;
  int32_t id;  ///< of the token that the pair becomes
};

/// A hash table with open addressing; std::unordered_map's chains made up half of all encoding.
class MergeTable {
 public:
  MergeTable() : MergeTable(0) {}
  /// Room for `count` pairs, at most half full.
  explicit MergeTable(size_t count) : slots_(std::bit_ceil(2 * count + 2)) {}

  /// At most `count` different pairs; a pair set again takes the new value.
  void set(int32_t left, int32_t right, Merge merge) {
    slots_[place(left, right)] = {key(left, right), merge};
  }

  /// nullptr where the pair does not merge.
  const Merge* find(int32_t left, int32_t right) const {
    const Slot& slot = slots_[place(left, right)];
    return slot.key == kFree ? nullptr : &slot.merge;
  }

 private:
  static constexpr uint64_t kFree = ~uint64_t{0};  // no pair: ids are not negative
  struct Slot {
    uint64_t key = kFree;
    Merge merge{};
  };

  static uint64_t key(int32_t left, int32_t right) {
    return uint64_t{uint32_t(left)} << 32 | uint32_t(right);
  }
  /// The pair's slot, or the free one where it belongs.
  size_t place(int32_t left, int32_t right) const {
    const uint64_t wanted = key(left, right);
    size_t at = mix64(wanted) & (slots_.size() - 1);
    while (slots_[at].key != wanted && slots_[at].key != kFree) at = (at + 1) & (slots_.size() - 1);
    return at;
  }

  std::vector<Slot> slots_;
};

}  // namespace relatum::text
