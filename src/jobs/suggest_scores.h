// A model's answers for the pairs of texts that can be suggested.
#pragma once

#include <vector>

#include "base/context.h"
#include "jobs/answerer.h"
#include "jobs/suggest_units.h"

namespace relatum::jobs {

/// Throws Error for a pair that is too long for the model, as far as that can be told before it is
/// asked; Stopped where the context stops.
void check_lengths(const SuggestUnits& units, const Answerer& answerer, const Context& context);

/// Asks the pairs of all units, or of those that are `wanted`, and keeps their probabilities. A
/// pair that is too long and skipped has none. The progress bar is that of all of them. Throws
/// Stopped where the context stops.
void score_units(SuggestUnits& units, const std::vector<bool>& wanted, Answerer& answerer,
                 const Context& context);

}  // namespace relatum::jobs
