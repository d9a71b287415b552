// Takes CLI11's messages apart; what is not recognised stays as it is.
#include "app/usage_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstdlib>
#include <sstream>
#include <vector>

#include "base/known_names.h"

namespace relatum::app {
namespace {

constexpr double kHuge = 1e18;  // bounds beyond are no bounds

// "--answer: x not in {a,b}" to "--answer: 'x' is not one of a, b. Did you mean a?"
std::string choices_text(const std::string& flag, const std::string& typed,
                         const std::string& list) {
  std::vector<std::string> choices;
  std::istringstream names(list.substr(0, list.find('}')));
  for (std::string name; std::getline(names, name, ',');) choices.push_back(name);
  const std::string nearest = did_you_mean(typed, choices, "");
  return fmt::format("{}: '{}' is not one of {}{}{}", flag, typed, fmt::join(choices, ", "),
                     nearest.empty() ? "" : ".", nearest);
}

std::string range_text(const std::string& flag, const std::string& typed,
                       const std::string& range) {
  // "0 to 9", since CLI11 2.4 "[0 - 9]".
  const bool brackets = range.starts_with('[');
  const std::string between = brackets ? " - " : " to ";
  const size_t to = range.find(between);
  if (to == range.npos) return "";
  const double least = std::strtod(range.c_str() + size_t(brackets), nullptr);
  const double most = std::strtod(range.c_str() + to + between.size(), nullptr);
  char* end = nullptr;
  const double value = std::strtod(typed.c_str(), &end);
  if (typed.empty() || *end != '\0') return fmt::format("{}: '{}' is not a number", flag, typed);
  if (!std::isfinite(value)) return fmt::format("{}: '{}' is not a finite number", flag, typed);
  if (most > kHuge && range.find('.') != range.npos) {
    // CLI11 writes the smallest number above 0 as 0.000000: which bound it is shows at 0 alone.
    return value < 0 ? fmt::format("{}: '{}' is negative", flag, typed)
                     : fmt::format("{}: '{}' is too small: it must be above 0", flag, typed);
  }
  const std::string wanted = most > kHuge ? fmt::format("of at least {}", least)
                                          : fmt::format("from {} to {}", least, most);
  return fmt::format("{}: '{}' is not a number {}", flag, typed, wanted);
}

}  // namespace

std::string usage_text(const std::string& message) {
  const size_t colon = message.find(": ");
  const size_t choices = message.find(" not in {"), range = message.find(" not in range ");
  if (message.starts_with("Could not convert: ")) {
    const size_t equals = message.find(" = ");
    if (equals == message.npos) return message;
    return fmt::format("{}: '{}' is not a number that it takes", message.substr(19, equals - 19),
                       message.substr(equals + 3));
  }
  if (colon == message.npos) return message;
  const std::string flag = message.substr(0, colon);
  if (choices != message.npos) {
    return choices_text(flag, message.substr(colon + 2, choices - colon - 2),
                        message.substr(choices + 9));
  }
  if (range == message.npos) return message;
  size_t start = colon + 2;
  if (message.compare(start, 6, "Value ") == 0) start += 6;
  const std::string text = range_text(flag, message.substr(start, range - start),
                                      message.substr(range + 14));
  return text.empty() ? message : text;
}

}  // namespace relatum::app
