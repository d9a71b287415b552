// Where a model's values stop being numbers: looked for only when a result already is none.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "engine/worker.h"

namespace relatum::engine {

/// Runs the row alone and looks at what each layer gives. A clause that names the first layer with
/// NaN or infinite values and what holds them (a tensor of the base, the adapter, or neither);
/// nothing where all values are finite. `adapter`: the place of the row's among the worker's. Uses
/// the worker's arena: graphs in it are lost.
std::optional<std::string> first_not_finite(Worker& worker, std::span<const int32_t> row,
                                            size_t adapter = 0);

/// For a row whose result is NaN or infinite: throws Error that says where that begins.
[[noreturn]] void fail_not_finite(Worker& worker, std::span<const int32_t> row, size_t adapter = 0);

}  // namespace relatum::engine
