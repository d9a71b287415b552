// A study's figures over the numbers of its grid, as curves.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "jobs/study_svg.h"

namespace relatum::jobs {

/// An SVG picture of the arms' figures over the axis of the grid that has three numbers or more,
/// such as "rank 4", "rank 16", "rank 64", or over such names of arms: a curve for each value of
/// what else the arms differ in, with its 95 % intervals; the axis is logarithmic where its numbers
/// are far apart. Empty where no axis, or more than one, has such numbers, an arm stands outside of
/// it, or there would be more than six curves.
std::string study_curves(const nlohmann::json& all, std::span<const ChartRow> rows);

}  // namespace relatum::jobs
