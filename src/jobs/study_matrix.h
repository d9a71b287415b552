// A grid of two axes as a table of its own: one axis down, the other across.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

namespace relatum::jobs {

/// A section of a study's page: the official means of `arms` (summaries), whose names are "A, B",
/// with each A down and each B across; arms of other names are none of it. Empty unless every A
/// stands beside every B, at least three of each: a smaller grid shows in the page's list.
std::string study_matrix_text(std::span<const nlohmann::json* const> arms);

}  // namespace relatum::jobs
