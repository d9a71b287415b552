// Open addressing with steps of one, half empty at least.
#include "graph/name_tables.h"

#include <functional>

#include "base/error.h"

namespace relatum::graph {
namespace {

constexpr size_t kFirstSlots = 64;  // a power of two, as all sizes are

/// Spreads a key over all bits (the finaliser of splitmix64).
uint64_t spread(uint64_t key) {
  key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9u;
  key = (key ^ (key >> 27)) * 0x94d049bb133111ebu;
  return key ^ (key >> 31);
}

template <class T>
uint64_t bytes_of(const std::vector<T>& values) {
  return uint64_t(values.capacity()) * sizeof(T);
}

}  // namespace

uint32_t TextPool::add(std::string_view text) {
  RELATUM_CHECK(ends_.size() < UINT32_MAX - 1);
  bytes_ += text;
  ends_.push_back(bytes_.size());
  return uint32_t(ends_.size() - 1);
}

std::string_view TextPool::operator[](uint32_t index) const {
  const uint64_t start = index == 0 ? 0 : ends_[index - 1];
  return std::string_view(bytes_).substr(start, ends_[index] - start);
}

uint64_t TextPool::memory_bytes() const { return bytes_.capacity() + bytes_of(ends_); }

size_t WordTable::slot_of(std::string_view word) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = std::hash<std::string_view>()(word) & mask;
  while (slots_[slot] != 0 && words_[slots_[slot] - 1] != word) slot = (slot + 1) & mask;
  return slot;
}

void WordTable::grow() {
  slots_.assign(slots_.empty() ? kFirstSlots : slots_.size() * 2, 0);
  for (uint32_t word = 0; word < words_.size(); ++word) slots_[slot_of(words_[word])] = word + 1;
}

uint32_t WordTable::add(std::string_view word) {
  if (size_t(words_.size()) * 2 >= slots_.size()) grow();
  uint32_t& slot = slots_[slot_of(word)];
  if (slot == 0) slot = words_.add(word) + 1;
  return slot - 1;
}

uint32_t WordTable::find(std::string_view word) const {
  if (slots_.empty()) return kNone;
  const uint32_t found = slots_[slot_of(word)];
  return found == 0 ? kNone : found - 1;
}

uint64_t WordTable::memory_bytes() const { return bytes_of(slots_) + words_.memory_bytes(); }

size_t BranchTable::slot_of(uint64_t key) const {
  const size_t mask = keys_.size() - 1;
  size_t slot = spread(key) & mask;
  while (keys_[slot] != kEmpty && keys_[slot] != key) slot = (slot + 1) & mask;
  return slot;
}

void BranchTable::grow() {
  std::vector<uint64_t> keys(keys_.empty() ? kFirstSlots : keys_.size() * 2, kEmpty);
  std::vector<uint32_t> to(keys.size());
  keys.swap(keys_);
  to.swap(to_);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == kEmpty) continue;
    const size_t slot = slot_of(keys[i]);
    keys_[slot] = keys[i];
    to_[slot] = to[i];
  }
}

uint32_t BranchTable::find(uint32_t node, uint32_t word) const {
  if (keys_.empty()) return kNone;
  const size_t slot = slot_of(uint64_t{node} << 32 | word);
  return keys_[slot] == kEmpty ? kNone : to_[slot];
}

uint32_t BranchTable::add(uint32_t node, uint32_t word, uint32_t to) {
  if (used_ * 2 >= keys_.size()) grow();
  const uint64_t key = uint64_t{node} << 32 | word;
  const size_t slot = slot_of(key);
  if (keys_[slot] == kEmpty) {
    keys_[slot] = key;
    to_[slot] = to;
    ++used_;
  }
  return to_[slot];
}

uint64_t BranchTable::memory_bytes() const { return bytes_of(keys_) + bytes_of(to_); }

}  // namespace relatum::graph
