// All pieces of a vocabulary that a text begins with, found in one walk over its bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace relatum::text {

/// A byte trie whose nodes' children lie side by side, in order. Immutable.
class PieceTrie {
 public:
  using Piece = std::pair<std::string_view, int32_t>;  // text and id

  /// Of a text twice, the later id counts; an empty text is never found.
  explicit PieceTrie(std::vector<Piece> pieces);

  /// Calls `each(bytes, id)` for every piece that `text` begins with, the shortest first.
  template <class Each>
  void for_prefixes(std::string_view text, const Each& each) const {
    if (text.empty()) return;
    uint32_t node = first_[static_cast<unsigned char>(text[0])];
    for (size_t at = 1; node != kNone; ++at) {
      if (nodes_[node].id >= 0) each(at, nodes_[node].id);
      if (at == text.size()) return;
      node = child(nodes_[node], text[at]);
    }
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Node {
    uint32_t children = 0;  // the first one's place
    uint16_t count = 0;
    int32_t id = -1;
  };

  uint32_t child(const Node& node, char byte) const;

  std::vector<Node> nodes_;
  std::vector<unsigned char> bytes_;  // that lead to each node
  std::array<uint32_t, 256> first_{};
};

}  // namespace relatum::text
