// Names of tensors and keys, parts between dots: which of a file's looks most like a missing one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace relatum::io {

/// The name that shares most with `wanted`: the longest equal ending in parts between dots (an
/// old "gamma" counts as "weight", "beta" as "bias"), then parts, then letters from the front.
/// Empty where there are no names.
std::string_view nearest_dotted_name(std::string_view wanted,
                                     const std::vector<std::string_view>& names);

/// A sentence for an error about a name that is missing: what the file has instead. `what` is the
/// plural of what the names are, e.g. "tensors".
std::string nearest_sentence(std::string_view wanted, const std::vector<std::string_view>& names,
                             std::string_view what);

}  // namespace relatum::io
