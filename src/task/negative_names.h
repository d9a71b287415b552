// Names that people give the label for "no relation".
#pragma once

#include <string_view>

namespace relatum::task {

/// Whether a label looks like a usual name of "no relation": NA, N/A, None, "no relation", O,
/// other, unrelated, negative, … whatever its case and punctuation. A guess, good for a hint only.
bool looks_negative(std::string_view label);

}  // namespace relatum::task
