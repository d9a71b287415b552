// Building the trie level by level from the sorted pieces.
#include "text/piece_trie.h"

#include <algorithm>

namespace relatum::text {
namespace {

/// Pieces [begin, end) share their first `depth` bytes, which lead to `node`.
struct Group {
  size_t begin, end, depth;
  uint32_t node;
};

}  // namespace

PieceTrie::PieceTrie(std::vector<Piece> pieces) {
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.first < b.first; });
  first_.fill(kNone);
  nodes_.resize(1);
  bytes_.resize(1);
  std::vector<Group> groups = {{0, pieces.size(), 0, 0}};
  for (size_t next = 0; next < groups.size(); ++next) {
    const Group group = groups[next];
    size_t at = group.begin;
    for (; at < group.end && pieces[at].first.size() == group.depth; ++at) {
      if (group.depth > 0) nodes_[group.node].id = pieces[at].second;
    }
    nodes_[group.node].children = uint32_t(nodes_.size());
    while (at < group.end) {
      const auto byte = static_cast<unsigned char>(pieces[at].first[group.depth]);
      const size_t begin = at;
      while (at < group.end && static_cast<unsigned char>(pieces[at].first[group.depth]) == byte) {
        ++at;
      }
      const auto node = uint32_t(nodes_.size());
      if (group.depth == 0) first_[byte] = node;
      nodes_.push_back({});
      bytes_.push_back(byte);
      ++nodes_[group.node].count;
      groups.push_back({begin, at, group.depth + 1, node});
    }
  }
}

uint32_t PieceTrie::child(const Node& node, char byte) const {
  const auto wanted = static_cast<unsigned char>(byte);
  const auto begin = bytes_.begin() + ptrdiff_t(node.children);
  const auto end = begin + ptrdiff_t(node.count);
  const auto found = std::lower_bound(begin, end, wanted);
  return found != end && *found == wanted ? uint32_t(found - bytes_.begin()) : kNone;
}

}  // namespace relatum::text
