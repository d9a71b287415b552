// A study's page: what was asked, what was done, figures with intervals, and what they carry.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace relatum::jobs {

/// Marks around what people write: it is kept where the page is written again.
inline constexpr const char* kByHand = "<!-- by hand -->";
inline constexpr const char* kByHandEnd = "<!-- end of what is by hand -->";

/// The page as Markdown. `all`: a results file with study, plan, cells and arms; `chart`: the
/// file's name beside the page; `before`: the page as it was, or "". Throws Error where the results
/// lack what a page shows.
std::string study_page(const nlohmann::json& all, const std::string& chart,
                       const std::string& before);

/// Whether the figures say that an arm differs from the baseline: the interval over texts leaves
/// zero out, and so does what seeds tell, where there are several.
bool difference_is_carried(const nlohmann::json& arm, const nlohmann::json& baseline);

/// Writes RESULTS's page and chart beside it, ending .md and .svg, each in one step; gives the
/// page's path.
std::filesystem::path write_study_page(const std::filesystem::path& results);

}  // namespace relatum::jobs
