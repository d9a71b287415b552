// JSON with a nesting limit, errors that name the place, and typed getters.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::io {

/// Deepest nesting of objects and arrays that parse_json accepts.
inline constexpr int kJsonDepth = 256;

/// Parses one JSON text. `place` names it in errors, e.g. "config.json" or "mine.jsonl:12".
/// Throws Error for a syntax error (with line and column), more than kJsonDepth levels, invalid
/// UTF-8, a lone surrogate escape, a number that no double holds, or a key that an object has
/// twice. A UTF-8 BOM is skipped.
nlohmann::json parse_json(std::string_view text, const std::string& place);
nlohmann::json load_json(const std::filesystem::path& path);

/// Keys of the object `member` of a valid text's object, in the order of the text, which a parsed
/// value does not keep; none where there is no such object.
std::vector<std::string> keys_in_order(std::string_view text, std::string_view member);

/// One line (indent < 0) or pretty-printed. Doubles come out in their shortest round-trip form,
/// NaN and infinities as null; invalid UTF-8 becomes U+FFFD instead of an exception.
std::string dump_json(const nlohmann::json& value, int indent = -1);

/// The member `key` of an object; throws Error naming key and place where it is absent or where
/// its type is another. An integer is also taken where a double is asked for, and a double
/// without a fraction where an integer is.
const nlohmann::json& require(const nlohmann::json& object, std::string_view key,
                              const std::string& place);
std::string require_string(const nlohmann::json& object, std::string_view key,
                           const std::string& place);
int64_t require_int(const nlohmann::json& object, std::string_view key, const std::string& place);
double require_double(const nlohmann::json& object, std::string_view key, const std::string& place);
bool require_bool(const nlohmann::json& object, std::string_view key, const std::string& place);
const nlohmann::json& require_array(const nlohmann::json& object, std::string_view key,
                                    const std::string& place);
const nlohmann::json& require_object(const nlohmann::json& object, std::string_view key,
                                     const std::string& place);
std::vector<std::string> require_strings(const nlohmann::json& object, std::string_view key,
                                         const std::string& place);
std::vector<int64_t> require_ints(const nlohmann::json& object, std::string_view key,
                                  const std::string& place);

/// The member `key` or nullptr where it is absent or null, or where `object` is no object.
const nlohmann::json* find(const nlohmann::json& object, std::string_view key);

/// As require_…, but an absent or null member gives `fallback`; a wrong type is still an error.
std::string get_string(const nlohmann::json& object, std::string_view key,
                       const std::string& fallback, const std::string& place);
int64_t get_int(const nlohmann::json& object, std::string_view key, int64_t fallback,
                const std::string& place);
double get_double(const nlohmann::json& object, std::string_view key, double fallback,
                  const std::string& place);
bool get_bool(const nlohmann::json& object, std::string_view key, bool fallback,
              const std::string& place);

}  // namespace relatum::io
