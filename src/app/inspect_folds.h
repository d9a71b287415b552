// Describes a cross-validation: the record that `relatum finetune --folds` writes.
#pragma once

#include <filesystem>
#include <string>

namespace relatum::app {

/// OUT/folds.json: how far it came, its data, and the table of the folds once they are all done.
std::string inspect_folds_text(const std::filesystem::path& file);

}  // namespace relatum::app
