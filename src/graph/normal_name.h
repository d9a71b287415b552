// The form in which two names of one entity are equal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace relatum::graph {

struct NameRules {
  /// Words that do not count at a name's beginning, in lower case, where others follow.
  std::vector<std::string> articles = {"the", "a", "an"};
};

/// By these rules, in this order:
///
/// 1. NFKC, Unicode's full case folding ("STRASSE" is "Straße"), NFKC again; characters that
///    are not seen (marks of direction, soft hyphens, joiners) go.
/// 2. Apostrophes go, and full stops behind a letter: "U.S." is "US", "O'Neill" "ONeill". Full
///    stops and commas between digits stay: 3.5 is not 35.
/// 3. All other punctuation, and white space, is one blank: "Coca-Cola" is "Coca Cola". Symbols
///    stay, and so do & # % @ *, which names are told apart by: C, C# and C++.
/// 4. An article at the beginning goes where something follows it.
///
/// Accents stay: "Müller" is not "Muller". Where nothing would be left ("!!!"), rule 1 alone.
/// `name` is valid UTF-8.
std::string normal_name(std::string_view name, const NameRules& rules = {});

/// Rule 4 alone, of a name that the others have been applied to.
std::string without_article(std::string normal, const NameRules& rules);

/// The name with each stretch of white space as one blank, none at its ends.
std::string one_line(std::string_view name);

}  // namespace relatum::graph
