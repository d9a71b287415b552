// What each arm of a study costs: tokens, time, memory.
#pragma once

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>

namespace relatum::jobs {

/// The mean of a number, a member of members, over the cells of an arm that have it; nothing where
/// none has. `all`: a results file.
std::optional<double> mean_over_cells(const nlohmann::json& all, const std::string& arm,
                                      std::initializer_list<std::string> keys);

/// A mean of counts, rounded, with separators; empty where there is none.
std::string count_text(std::optional<double> count);

/// A section of a study's page: for each of `arms` (summaries) the tokens that it was trained on,
/// over all epochs, also as a multiple of the baseline's, seconds and rates of training and of
/// answering, and the most memory held, means over cells. `base`: the baseline's or nullptr.
std::string study_cost_text(const nlohmann::json& all, std::span<const nlohmann::json* const> arms,
                            const nlohmann::json* base);

}  // namespace relatum::jobs
