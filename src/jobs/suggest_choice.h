// The ranking of texts, and the choice of those that differ.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/context.h"
#include "jobs/suggest_units.h"
#include "retrieve/embedder.h"
#include "task/choose_diverse.h"

namespace relatum::jobs {

/// Units by falling value, ties by the order of the data. Those with a negative value are left out.
std::vector<size_t> ranked_by(std::span<const double> values);
/// All units in an order that the seed draws.
std::vector<size_t> drawn_order(size_t units, uint64_t seed);

/// Units whose words are, by a share above `similar`, those of one that was taken.
std::unique_ptr<task::LikeTaken> like_by_words(const SuggestUnits& units, double similar);
/// Units whose vector has a cosine above `similar` with that of one that was taken. `ranked`: in
/// which order they will be asked about; texts are embedded as they come up. Throws Stopped where
/// the context stops.
std::unique_ptr<task::LikeTaken> like_by_vectors(const SuggestUnits& units,
                                                 std::span<const size_t> ranked,
                                                 retrieve::Embedder& embedder, double similar,
                                                 const Context& context);

}  // namespace relatum::jobs
