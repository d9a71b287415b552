// Walks the trie from every word of a text, then chooses among what overlaps.
#include <algorithm>

#include "graph/gazetteer_names.h"
#include "graph/name_words.h"

namespace relatum::graph {
namespace {

constexpr uint32_t kNone = BranchTable::kNone;

/// A word of the text: what the trie and the matches need of it.
struct TextWord {
  uint32_t exact, folded;  // numbers; kNone: no name has such a word
  int64_t start, end;
  size_t start_byte, end_byte;
  bool after_gap;
};

/// A name from word `first` to word `last`; the nodes where it ends, of which one may be kNone.
struct Candidate {
  size_t first, last;
  uint32_t exact, folded;
};

std::vector<TextWord> words_of(std::string_view text, const WordTable& words, bool fold_accents) {
  std::vector<TextWord> out;
  NameWords reader(text, fold_accents);
  for (NameWord word; reader.next(word);) {
    out.push_back({words.find(word.exact), words.find(word.folded), word.start, word.end,
                   word.start_byte, word.end_byte, word.after_gap});
  }
  return out;
}

/// Keeps the longest of what overlaps, the earlier of two that are equally long.
void choose(std::vector<Candidate>& overlapping, const std::vector<TextWord>& words,
            std::vector<Candidate>& chosen) {
  if (overlapping.empty()) return;
  const auto length = [&](const Candidate& each) {
    return words[each.last].end - words[each.first].start;
  };
  std::ranges::sort(overlapping, [&](const Candidate& a, const Candidate& b) {
    return length(a) != length(b) ? length(a) > length(b) : a.first < b.first;
  });
  const size_t first = std::ranges::min(overlapping, {}, &Candidate::first).first;
  const size_t last = std::ranges::max(overlapping, {}, &Candidate::last).last;
  std::vector<bool> taken(last - first + 1);
  const size_t before = chosen.size();
  for (const Candidate& each : overlapping) {
    const auto begin = taken.begin() + std::ptrdiff_t(each.first - first);
    const auto end = taken.begin() + std::ptrdiff_t(each.last - first + 1);
    if (std::find(begin, end, true) != end) continue;
    std::fill(begin, end, true);
    chosen.push_back(each);
  }
  std::sort(chosen.begin() + std::ptrdiff_t(before), chosen.end(),
            [](const Candidate& a, const Candidate& b) { return a.first < b.first; });
  overlapping.clear();
}

/// All names that begin at word `first`.
void names_at(size_t first, const std::vector<TextWord>& words, const BranchTable& branches,
              const std::vector<uint32_t>& first_entry, std::vector<Candidate>& out) {
  const auto step = [&](uint32_t node, uint32_t word) {
    return node == kNone || word == kNone ? kNone : branches.find(node, word);
  };
  const auto ending = [&](uint32_t node) {
    return node != kNone && first_entry[node] != kNone ? node : kNone;
  };
  uint32_t exact = 0, folded = 1;  // the roots
  for (size_t last = first; last < words.size(); ++last) {
    if (last > first && words[last].after_gap) break;
    exact = step(exact, words[last].exact);
    folded = step(folded, words[last].folded);
    if (exact == kNone && folded == kNone) break;
    if (ending(exact) != kNone || ending(folded) != kNone) {
      out.push_back({first, last, ending(exact), ending(folded)});
    }
  }
}

}  // namespace

std::vector<GazetteerMatch> Gazetteer::find(std::string_view text) const {
  static_assert(Names::kExact == 0 && Names::kFolded == 1);
  const Names& names = *names_;
  const auto words = words_of(text, names.words, names.rules.fold_accents);
  std::vector<Candidate> overlapping, chosen;
  size_t reach = 0;  // behind the last word of what overlaps
  for (size_t first = 0; first < words.size(); ++first) {
    if (first >= reach) choose(overlapping, words, chosen);
    names_at(first, words, names.branches, names.first_entry, overlapping);
    if (!overlapping.empty()) reach = std::max(reach, overlapping.back().last + 1);
  }
  choose(overlapping, words, chosen);
  std::vector<GazetteerMatch> matches;
  std::vector<uint32_t> meanings;
  for (const Candidate& each : chosen) {
    meanings.clear();
    for (const uint32_t node : {each.exact, each.folded}) {
      if (node == kNone) continue;
      for (uint32_t at = names.first_entry[node]; at != kNone; at = names.entries[at].next) {
        meanings.push_back(at);
      }
    }
    std::ranges::sort(meanings);  // in the order in which they were added
    const TextWord &from = words[each.first], &to = words[each.last];
    for (const uint32_t at : meanings) {
      const Names::Entry& entry = names.entries[at];
      matches.push_back({{from.start, to.end},
                         text.substr(from.start_byte, to.end_byte - from.start_byte),
                         names.names[entry.name],
                         names.types[entry.type],
                         names.ids[entry.id]});
    }
  }
  return matches;
}

}  // namespace relatum::graph
