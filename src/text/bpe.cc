// Merging of symbols with a priority queue over a linked list.
#include "text/bpe.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace relatum::text {

MergeTable merge_table(const Vocabulary& vocabulary, const Merges& merges, const ApartIds& apart,
                       const std::string& place) {
  const auto id_of = [&](std::string_view token, size_t rank) {
    if (const auto id = vocabulary.find_in_model(token)) return *id;
    fail("text.bpe", fmt::format("{}: merge {} makes or needs the token '{}', which the vocabulary "
                                 "lacks. The file is broken: fetch it again.",
                                 place, rank, token));
  };
  MergeTable table(merges.size());
  std::string whole;
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const auto& [left, right] = merges[rank];
    whole.assign(left).append(right);
    const int32_t result = id_of(whole, rank);
    const int32_t first = id_of(left, rank), second = id_of(right, rank);
    if (!apart.contains(result)) table.set(first, second, {int32_t(rank), result});
  }
  return table;
}

std::vector<int32_t> byte_tokens(const Vocabulary& vocabulary, std::string_view symbol) {
  std::vector<int32_t> ids;
  for (const char byte : symbol) {
    const std::string code = fmt::format("<0x{:02X}>", static_cast<unsigned char>(byte));
    const auto id = vocabulary.find_in_model(code);
    if (!id) return {};
    ids.push_back(*id);
  }
  return ids;
}

void MergeWord::merge(const MergeTable& merges) {
  queue_.clear();
  for (size_t i = 0; i + 1 < symbols_.size(); ++i) push(merges, int32_t(i));
  while (!queue_.empty()) {
    std::pop_heap(queue_.begin(), queue_.end());
    const Candidate best = queue_.back();
    queue_.pop_back();
    apply(merges, best);
  }
}

void MergeWord::push(const MergeTable& merges, int32_t at) {
  const Symbol& left = symbol(at);
  const Merge* merge = left.next < 0 ? nullptr : merges.find(left.id, symbol(left.next).id);
  if (!merge) return;
  queue_.push_back({merge->rank, at, merge->id});
  std::push_heap(queue_.begin(), queue_.end());
}

void MergeWord::apply(const MergeTable& merges, const Candidate& best) {
  Symbol& left = symbol(best.at);
  if (left.id < 0 || left.next < 0) return;
  Symbol& right = symbol(left.next);
  // The pair may have changed since it was queued.
  const Merge* merge = merges.find(left.id, right.id);
  if (!merge || merge->id != best.id) return;
  left.id = best.id;
  right.id = -1;
  left.next = right.next;
  if (left.next >= 0) symbol(left.next).previous = best.at;
  if (left.previous >= 0) push(merges, left.previous);
  push(merges, best.at);
}

}  // namespace relatum::text
