// Edit distance over bytes: names are short.
#include "base/known_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/printable.h"

namespace relatum {
namespace {

constexpr size_t kLongest = 200;  // longer names are not typed by hand

int cost(char a, char b) {
  if (a == b) return 0;
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b))
             ? 1
             : 2;
}

/// Edit distance in half edits.
int distance(std::string_view a, std::string_view b) {
  std::vector<int> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = int(2 * j);
  for (size_t i = 1; i <= a.size(); ++i) {
    int diagonal = row[0];
    row[0] = int(2 * i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int above = row[j];
      row[j] = std::min({diagonal + cost(a[i - 1], b[j - 1]), above + 2, row[j - 1] + 2});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

std::string nearest_name(std::string_view name, std::span<const std::string> known) {
  if (name.empty() || name.size() > kLongest) return "";
  std::string best;
  int best_distance = int(name.size());  // half of the name, in half edits
  for (const std::string& candidate : known) {
    if (candidate.size() > 2 * name.size() + 8) continue;
    const int d = distance(name, candidate);
    if (d > best_distance || (d == best_distance && !best.empty())) continue;
    best = candidate;
    best_distance = d;
  }
  return best;
}

std::string did_you_mean(std::string_view name, std::span<const std::string> known,
                         std::string_view quote) {
  const std::string nearest = nearest_name(name, known);
  if (nearest.empty()) return "";
  return fmt::format(" Did you mean {}{}{}?", quote, printable_start(nearest), quote);
}

std::string first_names(const std::vector<std::string>& names, std::string_view quote) {
  constexpr size_t kShown = 3;
  std::string list;
  for (size_t i = 0; i < std::min(kShown, names.size()); ++i) {
    list += fmt::format("{}{}{}{}", i == 0 ? "" : ", ", quote, names[i], quote);
  }
  if (names.size() > kShown) list += fmt::format(" and {} more", names.size() - kShown);
  return list;
}

std::string unknown_name(std::string_view what, std::string_view name,
                         const std::vector<std::string>& known) {
  std::string list;
  for (size_t i = 0; i < known.size(); ++i) {
    list += i == 0 ? "" : i + 1 < known.size() ? ", " : " or ";
    list += known[i];
  }
  return fmt::format("{} '{}' is unknown.{} Use {}.", what, printable_start(name),
                     did_you_mean(name, known), list);
}

}  // namespace relatum
