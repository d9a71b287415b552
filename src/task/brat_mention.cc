// Stretches of no characters are left out.
#include "task/brat_mention.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/error.h"
#include "base/printable.h"
#include "task/brat_form.h"
#include "task/offsets.h"

namespace relatum::task {
namespace {

std::optional<int64_t> number(std::string_view digits) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

BratMention parse_mention(std::string_view text, int64_t line) {
  const size_t first = text.find('\t');
  if (first == text.npos) fail("task.brat", "expected T, a number, a tab, a type and two places");
  const size_t second = text.find('\t', first + 1);
  BratMention mention;
  mention.id = text.substr(0, first);
  mention.line = line;
  if (text.find_first_not_of(" \t", second) != text.npos) mention.quoted = text.substr(second + 1);
  const std::string_view middle = text.substr(first + 1, second - first - 1);
  const size_t space = middle.find(' ');
  mention.type = from_percent(middle.substr(0, space));
  const std::string_view places = space == middle.npos ? "" : middle.substr(space + 1);
  for (const std::string_view part : brat_parts(places, ';', true)) {
    const auto ends = brat_parts(part, ' ', false);
    const auto start = ends.size() == 2 ? number(ends[0]) : std::nullopt;
    const auto end = ends.size() == 2 ? number(ends[1]) : std::nullopt;
    if (!start || !end || *start < 0 || *start > *end) {
      fail("task.brat", fmt::format("{}: '{}' is no start and larger end",
                                    printable_start(mention.id, 40), printable_start(part, 40)));
    }
    if (*start < *end) mention.pieces.push_back({*start, *end});
  }
  return mention;
}

bool quotes_mention(std::string_view there, std::string_view quoted) {
  const auto behind = behind_words(quoted, there);
  if (!behind) return false;
  const size_t next = quoted.find_first_not_of(' ', *behind);
  return next == quoted.npos || quoted[next] == '\t' || same_words(quoted.substr(next), "");
}

}  // namespace relatum::task
