// Names of a graph that an embedder finds alike.
#pragma once

#include <filesystem>

#include "base/context.h"
#include "graph/merge_names.h"

namespace relatum::jobs {

/// The most names that each is compared with as its nearest ones.
inline constexpr int64_t kSimilarNames = 16;

/// Of the names of each type the pairs with a cosine of at least `least` among the nearest
/// kSimilarNames of each. Opens the embedder in `folder` now, and throws Error where it is none, or
/// one whose vectors are not compared by cosines. What it returns throws Error where `context`
/// stops.
graph::NameSimilarity name_similarity(const std::filesystem::path& folder, double least,
                                      const Context& context);

}  // namespace relatum::jobs
