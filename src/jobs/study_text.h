// Texts of a study's page: short lines of prose, and the settings that arms share or differ in.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace relatum::jobs {

/// One paragraph or item of a list ("- …") in lines of at most 140 characters, with a line end. A
/// longer word is broken behind commas, but for those in brackets.
std::string wrapped(const std::string& text);

/// The settings of these arms, as the first cell of each has them: a table of those that differ,
/// "–" where an arm has no such stage, and what all share. `all`: a results file.
std::string study_settings_text(const nlohmann::json& all, const std::vector<std::string>& arms);

}  // namespace relatum::jobs
