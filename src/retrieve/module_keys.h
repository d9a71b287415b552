// Looks for settings of an embedder's small files that nobody honours.
#pragma once

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace relatum::retrieve {

/// Throws Error naming `place` and the key where an object has one that is not known and says
/// something: it is not null, false, 0 or empty. Known are "key", whatever its value, and
/// "key=value", where the value is that text.
void check_keys(const nlohmann::json& object, std::initializer_list<std::string_view> known,
                const std::string& place);

}  // namespace relatum::retrieve
