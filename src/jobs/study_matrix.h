// A grid of two axes as a table and a picture of its own: one axis down, the other across.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

namespace relatum::jobs {

/// A section of a study's page: the official means of `arms` (summaries) that the plan of `all`, a
/// results file, has as made by two axes, values of the first down, of the second across. Empty
/// unless every value stands beside every other once, at least three of each: a smaller grid shows
/// in the page's list, and so do arms beside the grid.
std::string study_matrix_text(const nlohmann::json& all,
                              std::span<const nlohmann::json* const> arms);

/// The same as an SVG picture, a field for each arm, the darker the higher its mean; what all names
/// of an axis begin and end with stands beside it once, up to two arms beside the grid below. Empty
/// where the section is, or where there are more such arms.
std::string study_matrix_chart(const nlohmann::json& all);

}  // namespace relatum::jobs
