// What is a number, an id and a text in a row, the same for every format.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::task {

/// A cell of a table as a whole number: 25, 25.0 and 25,0 are one number, blanks around it do not
/// count. Nothing where it is none, or where it may_be_thousands().
std::optional<int64_t> whole_number(std::string_view cell);
/// Whether three digits follow a point or comma: 1.000 and 1,000 are one to some, a thousand to
/// others.
bool may_be_thousands(std::string_view cell);
/// A cell of a table as an id: a whole number that was written 25.0 is 25, all else stays as it is.
std::string id_of_cell(std::string_view cell);
/// Key `key` of a JSON row as an id: a string as it is, a whole number by its digits (25.0 is 25);
/// "" where it is absent, null or empty. Throws Error for anything else.
std::string id_of(const nlohmann::json& row, std::string_view key, const std::string& place);
/// Key `key` of a JSON row, which must be there as a string. The sentence names the keys that are.
std::string text_of(const nlohmann::json& row, std::string_view key, const std::string& place);
/// A JSON list of whole numbers, [3, 17], that no key names. Throws Error that names `what`.
std::vector<int64_t> whole_numbers(const nlohmann::json& value, const std::string& what);
/// Throws Error where `key` is absent, naming the keys that are there.
void need(const nlohmann::json& row, std::string_view key, const std::string& place);

}  // namespace relatum::task
