// Whether a results file is what a study wrote, before anything is computed from it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace relatum::jobs {

/// Throws Error, naming `file`, the part and the key, where a part of a results file that is read
/// later is missing, of another type, or a number out of its range: scores and probabilities lie in
/// 0 … 1, differences in -1 … 1, and seconds, counts and perplexities are not negative. Parts that
/// came later may be missing, as may all figures of a study that has not ended.
void check_study_results(const nlohmann::json& all, const std::string& file);

}  // namespace relatum::jobs
