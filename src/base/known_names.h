// What to say about a name that is not known: which one was probably meant, and which there are.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace relatum {

/// The known name with the fewest edits (case counts half), or "" where more than half of `name`
/// changes: for what was typed by hand.
std::string nearest_name(std::string_view name, std::span<const std::string> known);

/// " Did you mean 'compact'?" by nearest_name(); "" where none is near. Flags and commands stand
/// without quotes.
std::string did_you_mean(std::string_view name, std::span<const std::string> known,
                         std::string_view quote = "'");

/// "schedule 'cosin' is unknown. Did you mean 'cosine'? Use cosine, linear or constant."
std::string unknown_name(std::string_view what, std::string_view name,
                         const std::vector<std::string>& known);

/// "a, b, c and 4 more": the first of a list that may be long, each in quotes.
std::string first_names(const std::vector<std::string>& names, std::string_view quote = "'");

/// The names of a registry's entries.
template <class Entry>
std::vector<std::string> names_of(std::span<const Entry* const> entries) {
  std::vector<std::string> names;
  for (const Entry* entry : entries) names.emplace_back(entry->name);
  return names;
}

}  // namespace relatum
