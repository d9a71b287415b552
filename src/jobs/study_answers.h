// What a study's page says of arms that gave one answer to nearly all rows.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

namespace relatum::jobs {

/// A paragraph that names the arms of which a cell, or more, gave one and the same answer to 95 %
/// of its rows or more, with that answer; empty where there is none. `all` is a results file,
/// `arms` are names of its plan.
std::string study_answers_text(const nlohmann::json& all, std::span<const std::string> arms);

}  // namespace relatum::jobs
