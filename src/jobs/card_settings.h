// The settings of a run as a table of its card.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace relatum::jobs {

/// The section with its heading; empty where the record has none of them.
std::string card_settings(const nlohmann::json& record);

}  // namespace relatum::jobs
