// A study's figures over the numbers of its grid, as curves.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "jobs/study_svg.h"

namespace relatum::jobs {

/// An SVG picture of the arms' figures over the axis of the grid that has three numbers or more,
/// such as "rank 4", "rank 16", "rank 64", or over numbers in arms' names, whose parts ", " keeps
/// apart: "LoRA, rank 4", "4 epochs". A curve for each value of what else the arms differ in, with
/// its 95 % intervals; arms that have no such number of their own are level lines. The axis is
/// logarithmic where its numbers are far apart. Empty where no axis, or more than one, has such
/// numbers, two arms of a curve have the same, and with more than two level lines or six lines in
/// all.
std::string study_curves(const nlohmann::json& all, std::span<const ChartRow> rows);

}  // namespace relatum::jobs
