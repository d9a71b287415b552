// Numbers and ids from JSON values and from the cells of tables.
#include "task/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"

namespace relatum::task {
namespace {

using nlohmann::json;

constexpr double kExact = 0x1.0p53;  // whole numbers up to here are doubles
constexpr size_t kKeysShown = 12;

std::string_view without_blanks(std::string_view cell) {
  const size_t first = cell.find_first_not_of(" \t");
  return first == cell.npos ? "" : cell.substr(first, cell.find_last_not_of(" \t") - first + 1);
}

}  // namespace

bool may_be_thousands(std::string_view cell) {
  const std::string_view digits = without_blanks(cell);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const size_t mark = digits.find_first_of(".,");
  return mark != digits.npos && digits.size() - mark == 4 &&
         std::all_of(digits.begin() + ptrdiff_t(mark) + 1, digits.end(), is_digit);
}

std::optional<int64_t> whole_number(std::string_view cell) {
  if (may_be_thousands(cell)) return std::nullopt;
  std::string digits(without_blanks(cell));
  if (const size_t comma = digits.find(','); comma != digits.npos) digits[comma] = '.';
  if (digits.empty() || digits.size() > 40) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (!(std::abs(value) <= kExact) || value != std::floor(value)) return std::nullopt;
  return int64_t(value);
}

std::string id_of_cell(std::string_view cell) {
  const size_t point = cell.find('.');
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (point == cell.npos || point == 0 || point + 1 == cell.size()) return std::string(cell);
  for (size_t i = 0; i < cell.size(); ++i) {
    if (i < point ? !is_digit(cell[i]) : i > point && cell[i] != '0') return std::string(cell);
  }
  return std::string(cell.substr(0, point));
}

std::string id_of(const json& row, std::string_view key, const std::string& place) {
  const json* id = io::find(row, key);
  if (!id) return "";
  if (id->is_string()) return id->get<std::string>();
  if (id->is_number_integer()) return id->dump();
  if (id->is_number_float()) {
    const double value = id->get<double>();
    if (value == std::floor(value) && std::abs(value) <= kExact) {
      return fmt::format("{}", int64_t(value));
    }
  }
  fail("task.row", fmt::format("{}: '{}' is {}: expected a string or a whole number", place, key,
                               printable_start(id->dump(-1, ' ', true), 40)));
}

std::vector<int64_t> whole_numbers(const json& value, const std::string& what) {
  std::vector<int64_t> numbers;
  bool sound = value.is_array();
  if (sound) {
    for (const json& each : value) {
      sound = each.is_number_integer() &&
              (!each.is_number_unsigned() || each.get<uint64_t>() <= uint64_t(INT64_MAX));
      if (!sound) break;
      numbers.push_back(each.get<int64_t>());
    }
  }
  if (!sound) fail("task.row", what + ": expected a list of whole numbers");
  return numbers;
}

void need(const json& row, std::string_view key, const std::string& place) {
  if (!row.is_object()) {
    fail("task.row",
         fmt::format("{}: expected an object with key '{}', got {}", place, key, row.type_name()));
  }
  if (io::find(row, key)) return;
  std::string keys;
  size_t shown = 0;
  for (const auto& [name, value] : row.items()) {
    if (value.is_null()) continue;
    if (++shown > kKeysShown) break;
    keys += fmt::format("{}'{}'", keys.empty() ? "" : ", ", printable_start(name, 40));
  }
  fail("task.row", fmt::format("{} has no '{}'; it has {}", place, key,
                               keys.empty() ? "no keys" : keys + (shown > kKeysShown ? " …" : "")));
}

std::string text_of(const json& row, std::string_view key, const std::string& place) {
  need(row, key, place);
  return io::require_string(row, key, place);
}

}  // namespace relatum::task
