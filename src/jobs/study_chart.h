// A study's chart as SVG.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace relatum::jobs {

/// Curves (study_curves.h) or fields (study_matrix.h) where the arms' grid is of that kind, else a
/// row for each arm: the official figure's mean over seeds as a dot, its interval as a line, each
/// seed's own as a small mark; a dashed line where the baseline is. `all`: a results file with
/// "arms"; those without figures are left out.
std::string study_chart(const nlohmann::json& all);

}  // namespace relatum::jobs
