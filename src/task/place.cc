// Three forms of one place, and a table of the files' names.
#include "task/place.h"

#include <fmt/format.h>

#include <limits>

namespace relatum::task {

std::string place_text(const Place& place) {
  if (!place.file.empty()) return full_place("", place);
  if (place.row > 0) return fmt::format("row {} (line {})", place.row, place.line);
  return fmt::format("line {}", place.line);
}

std::string at_place(const Place& place) {
  const char* word = !place.file.empty() ? "at" : place.row > 0 ? "in" : "on";
  return fmt::format("{} {}", word, place_text(place));
}

std::string full_place(std::string_view file, const Place& place) {
  return fmt::format("{}:{}{}", place.file.empty() ? file : place.file, place.line,
                     place.row > 0 ? fmt::format(": row {}", place.row) : "");
}

Places::Kept Places::keep(const Place& place) {
  // Rows of one file come one after the other.
  if (files_.back() != place.file && !place.file.empty()) files_.emplace_back(place.file);
  const bool fits = place.row <= std::numeric_limits<int32_t>::max();
  return {place.line, fits ? int32_t(place.row) : 0,
          place.file.empty() ? 0 : uint32_t(files_.size() - 1)};
}

Place Places::of(const Kept& kept) const { return {files_[kept.file], kept.line, kept.row}; }

}  // namespace relatum::task
