// Settings of a study's arms, and the grid that multiplies arms.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/study_config.h"

namespace relatum::app {

/// One axis: a key such as "finetune.rank", and the values that it takes.
struct GridAxis {
  std::string stage, key;  ///< no stage: a key above the tables; no key: the whole stage, on or off
  int64_t line = 0;
  std::vector<TomlItem> values;
};

/// Puts a key, or a table of a stage, in the place of what the arm has; a stage = false takes the
/// stage away. Throws Error with file and line for a key that is not known, or is the study's own
/// business.
void apply_setting(const std::filesystem::path& path, const TomlItem& item, StudyArm& arm);

/// The axes of [grid], in the file's order. Throws Error.
std::vector<GridAxis> read_grid(const std::filesystem::path& path, const TomlItem& table);

/// Each arm with each combination of values, named by both. An axis of a stage that an arm does not
/// have, or of what it sets itself, leaves that arm as it is; one that changes none is refused.
std::vector<StudyArm> multiply(const std::filesystem::path& path, std::vector<StudyArm> arms,
                               const std::vector<GridAxis>& grid);

}  // namespace relatum::app
