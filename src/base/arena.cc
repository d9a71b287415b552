// Blocks behind the arena, grown by demand and merged at reset.
#include "base/arena.h"

#include <algorithm>
#include <new>

namespace relatum {
namespace {

constexpr std::align_val_t kAlignment{64};
constexpr size_t kFirstBlock = size_t{1} << 20;

}  // namespace

Arena::~Arena() {
  for (const Block& block : blocks_) ::operator delete(block.data, kAlignment);
}

void Arena::add_block(size_t size) {
  blocks_.push_back({static_cast<std::byte*>(::operator new(size, kAlignment)), size});
}

void* Arena::allocate(size_t bytes) {
  const size_t size = std::max<size_t>(64, (bytes + 63) / 64 * 64);
  if (blocks_.empty()) add_block(std::max(kFirstBlock, size));
  while (used_ + size > blocks_[current_].size) {
    before_ += used_;
    if (current_ + 1 == blocks_.size()) add_block(std::max(size, held() / 2));
    ++current_;
    used_ = 0;
  }
  void* piece = blocks_[current_].data + used_;
  used_ += size;
  peak_ = std::max(peak_, before_ + used_);
  return piece;
}

void Arena::release(Mark mark) {
  current_ = mark.block;
  used_ = mark.used;
  before_ = mark.before;
}

void Arena::reset() {
  if (blocks_.size() > 1) {
    const size_t total = held();
    for (const Block& block : blocks_) ::operator delete(block.data, kAlignment);
    blocks_.clear();
    add_block(total);
  }
  current_ = used_ = before_ = 0;
}

size_t Arena::held() const {
  size_t total = 0;
  for (const Block& block : blocks_) total += block.size;
  return total;
}

}  // namespace relatum
