// What a study's page says of its cells.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace relatum::jobs {

/// How many cells have results and which have none, on how many rows, by which machines and
/// versions, and when: a list in Markdown.
std::string study_done_text(const nlohmann::json& all);

}  // namespace relatum::jobs
