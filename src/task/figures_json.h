// Figures of a report as they stand in JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "task/confusion.h"
#include "task/interval.h"

namespace relatum::task {

/// {"precision","recall","f1"}, fractions from 0 to 1.
nlohmann::ordered_json figures_json(const Scores& scores);
/// {"low","high"}; null where there is none.
nlohmann::ordered_json bounds_json(const std::optional<Interval>& interval);
/// The headline figure's, with its level, its samples and, as `units`, what was drawn.
nlohmann::ordered_json interval_json(const std::optional<Interval>& interval,
                                     const std::string& units);

}  // namespace relatum::task
