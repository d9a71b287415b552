// Labels are drawn first, and put in order by draws of their own.
#include "task/label_list.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"

namespace relatum::task {

std::vector<int64_t> draw_label_list(const std::string& kind, int64_t count,
                                     std::span<const int64_t> needed, uint64_t seed,
                                     const std::string& row) {
  RELATUM_CHECK(kind == kShuffledList || kind == kSampledList);
  const std::string hash = sha256(std::as_bytes(std::span(row))).substr(0, 16);
  const uint64_t stream = std::stoull(hash, nullptr, 16);
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), int64_t{0});
  const Rng rng(seed, stream);
  rng.shuffle(order);
  if (kind == kShuffledList) return order;
  const auto is_needed = [&](int64_t label) {
    return std::ranges::find(needed, label) != needed.end();
  };
  const int64_t least = std::min<int64_t>(count, 2);
  // A draw that the shuffle did not use.
  const int64_t size = least + int64_t(rng.below(uint64_t(count), uint64_t(count - least + 1)));
  int64_t others = size - std::ranges::count_if(order, is_needed);
  std::erase_if(order, [&](int64_t label) { return !is_needed(label) && others-- <= 0; });
  // Those that were kept were the first, so the order would tell which of them was needed.
  std::ranges::sort(order);
  Rng(seed, stream + 1).shuffle(order);
  return order;
}

}  // namespace relatum::task
