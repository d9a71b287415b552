// Pages whose sentences were marked by hand, and how near a splitter comes to them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>

#include "base/atomic_file.h"
#include "base/utf8.h"

namespace relatum::testing {

/// A text, and the code points behind which its sentences end.
struct MarkedPage {
  std::string text;
  std::set<int64_t> ends;

  /// From a fixture in which "¦" stands behind each sentence.
  explicit MarkedPage(const std::string& name) {
    std::u32string plain;
    for (const char32_t c : to_utf32(read_file(RELATUM_FIXTURES "/graph/" + name))) {
      if (c == U'¦') ends.insert(int64_t(plain.size()));
      else plain += c;
    }
    text = to_utf8(plain);
  }
};

/// How many ends were found, how many of them are right, and how many there are.
struct EndCounts {
  int64_t found = 0, right = 0, marked = 0;
  double precision() const { return double(right) / double(found); }
  double recall() const { return double(right) / double(marked); }
};

/// The words before each end that was missed or is none.
inline std::string differences(const std::set<int64_t>& found, const MarkedPage& page) {
  std::string all;
  const auto add = [&](const char* what, int64_t end) {
    all += what + std::string(utf8_slice(page.text, std::max<int64_t>(0, end - 40), end)) + "|\n";
  };
  for (const int64_t end : found) {
    if (!page.ends.count(end)) add("no end: ", end);
  }
  for (const int64_t end : page.ends) {
    if (!found.count(end)) add("missed: ", end);
  }
  return all;
}

inline EndCounts count_ends(const std::set<int64_t>& found, const MarkedPage& page) {
  EndCounts counts{int64_t(found.size()), 0, int64_t(page.ends.size())};
  for (const int64_t end : found) counts.right += int64_t(page.ends.count(end));
  return counts;
}

}  // namespace relatum::testing
