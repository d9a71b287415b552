// Compares names part by part.
#include "io/dotted_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/printable.h"

namespace relatum::io {
namespace {

std::vector<std::string_view> parts_of(std::string_view name) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('.', begin), name.size());
    std::string_view part = name.substr(begin, end - begin);
    if (part == "gamma") part = "weight";
    if (part == "beta") part = "bias";
    parts.push_back(part);
    begin = end + 1;
  }
  return parts;
}

// Larger is nearer; compared in this order.
using Nearness = std::tuple<size_t, size_t, size_t>;

Nearness nearness(std::string_view wanted, const std::vector<std::string_view>& wanted_parts,
                  std::string_view name) {
  const auto parts = parts_of(name);
  const auto ending = std::mismatch(wanted_parts.rbegin(), wanted_parts.rend(), parts.rbegin(),
                                    parts.rend());
  const size_t shared = size_t(std::count_if(parts.begin(), parts.end(), [&](auto part) {
    return std::find(wanted_parts.begin(), wanted_parts.end(), part) != wanted_parts.end();
  }));
  const auto letters = std::mismatch(wanted.begin(), wanted.end(), name.begin(), name.end());
  return {size_t(ending.first - wanted_parts.rbegin()), shared,
          size_t(letters.first - wanted.begin())};
}

}  // namespace

std::string_view nearest_dotted_name(std::string_view wanted,
                                     const std::vector<std::string_view>& names) {
  const auto wanted_parts = parts_of(wanted);
  std::string_view best;
  Nearness nearest{};
  for (const std::string_view name : names) {
    const Nearness found = nearness(wanted, wanted_parts, name);
    if (!best.empty() && found <= nearest) continue;
    best = name;
    nearest = found;
  }
  return best;
}

std::string nearest_sentence(std::string_view wanted, const std::vector<std::string_view>& names,
                             std::string_view what) {
  if (names.empty()) return fmt::format("It holds no {}.", what);
  return fmt::format("Of its {} {} '{}' comes nearest.", names.size(), what,
                     printable_start(nearest_dotted_name(wanted, names)));
}

}  // namespace relatum::io
