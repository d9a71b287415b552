// A study's chart: each arm's figure with its interval, as SVG.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace relatum::jobs {

/// A row for each arm: the official figure's mean over seeds as a dot, its interval as a line, each
/// seed's own as a small mark; a dashed line where the baseline is. `all`: a results file with
/// "arms"; those without figures are left out.
std::string study_chart(const nlohmann::json& all);

}  // namespace relatum::jobs
