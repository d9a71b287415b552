// The rows that a study holds out of its training data, the same for every arm and seed.
#pragma once

#include <filesystem>
#include <string>

#include "jobs/choices.h"

namespace relatum::jobs {

struct StudySplit {
  std::filesystem::path train, held_out, labels;
  std::string official;  ///< the metric that the data's format names; may be empty
};

/// Draws `count` rows of each label's share (task/holdout.h, seed 1; rows of one text or document
/// stay together) and writes both parts as JSON lines, and the inventory, into a folder below
/// `work` that is named by what was drawn from. Throws Error as hold_out() does, for a row without
/// a label, and for documents of which rows show different parts of the text: as rows they would
/// forget that they belong together.
StudySplit split_training(const std::string& spec, const DataChoice& reading, int64_t count,
                          const std::filesystem::path& work, const Host& host);

}  // namespace relatum::jobs
