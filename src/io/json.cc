// nlohmann-json behind a depth check and sentences that name the place.
#include "io/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/printable.h"

namespace relatum::io {
namespace {

using nlohmann::json;

[[noreturn]] void fail_json(const std::string& place, const std::string& what) {
  fail("io.json", fmt::format("{}: {}", place, what));
}

struct Scan {
  int deepest = 0;     ///< nesting of brackets outside strings
  size_t members = 0;  ///< of all objects together, those of equal names counted each
};

/// A flat look before the parser, so that hostile nesting costs no memory and no stack; stops
/// behind `limit` levels.
Scan scan(std::string_view text, int limit) {
  Scan result;
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size() && result.deepest <= limit; ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == ':') {
      ++result.members;
    } else if (c == '[' || c == '{') {
      result.deepest = std::max(result.deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return result;
}

size_t count_members(const json& value) {
  size_t count = value.is_object() ? value.size() : 0;
  if (value.is_structured()) {
    for (const json& item : value) count += count_members(item);
  }
  return count;
}

/// The first key that an object of a valid text has twice.
std::string duplicate_key(std::string_view text) {
  std::vector<std::set<std::string>> open;
  std::string found;
  const json::parser_callback_t look = [&](int, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::object_start) open.emplace_back();
    if (event == json::parse_event_t::object_end) open.pop_back();
    if (event == json::parse_event_t::key && found.empty() &&
        !open.back().insert(value.get<std::string>()).second) {
      found = value.get<std::string>();
    }
    return true;
  };
  [[maybe_unused]] const json parsed = json::parse(text, look);
  return found;
}

/// The library's message without its tag and without the quoted input, which may be long. Of one
/// line, which the place names already, the column alone.
std::string reason_of(const std::exception& error, bool one_line) {
  std::string text = error.what();
  if (const size_t tag = text.find("] "); tag != std::string::npos) text.erase(0, tag + 2);
  if (const size_t read = text.find("; last read"); read != std::string::npos) text.resize(read);
  if (const size_t start = text.find("parse error "); start == 0) text.erase(0, 12);
  constexpr std::string_view kLine = "at line 1, ";
  if (one_line && text.starts_with(kLine)) text.replace(0, kLine.size(), "at ");
  return printable_start(text, 200);
}

std::string type_of(const json& value) {
  if (value.is_number_integer()) return "an integer";
  if (value.is_number()) return "a number";
  if (value.is_null()) return "null";
  return fmt::format("{} {}", value.is_array() || value.is_object() ? "an" : "a",
                     value.type_name());
}

[[noreturn]] void fail_type(std::string_view key, const std::string& place, const char* wanted,
                            const json& value) {
  fail_json(place, fmt::format("key '{}': expected {}, got {}. Correct the value.",
                               printable_start(key), wanted, type_of(value)));
}

int64_t as_int(const json& value, std::string_view key, const std::string& place) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    if (number <= uint64_t(INT64_MAX)) return int64_t(number);
  } else if (value.is_number_integer()) {
    return value.get<int64_t>();
  } else if (value.is_number_float()) {
    const double number = value.get<double>();
    if (number == std::floor(number) && std::abs(number) <= 0x1.0p53) return int64_t(number);
  }
  if (!value.is_number()) fail_type(key, place, "an integer", value);
  fail_json(place, fmt::format("key '{}': expected an integer of 64 bits, got {}. Correct the "
                               "value.",
                               printable_start(key), value.dump()));
}

double as_double(const json& value, std::string_view key, const std::string& place) {
  if (!value.is_number()) fail_type(key, place, "a number", value);
  return value.get<double>();
}

bool as_bool(const json& value, std::string_view key, const std::string& place) {
  if (!value.is_boolean()) fail_type(key, place, "true or false", value);
  return value.get<bool>();
}

std::string as_string(const json& value, std::string_view key, const std::string& place) {
  if (!value.is_string()) fail_type(key, place, "a string", value);
  return value.get<std::string>();
}

}  // namespace

json parse_json(std::string_view text, const std::string& place) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    fail_json(place, "expected JSON, got nothing. The file or line is empty.");
  }
  const Scan seen = scan(text, kJsonDepth);
  if (seen.deepest > kJsonDepth) {
    fail_json(place, fmt::format("nested deeper than {} levels, which no file of ours needs. "
                                 "Check where it comes from.",
                                 kJsonDepth));
  }
  try {
    json value = json::parse(text);
    if (count_members(value) == seen.members) return value;
    fail_json(place, fmt::format("key '{}' stands twice in one object. Keep the one that is "
                                 "meant.",
                                 printable_start(duplicate_key(text))));
  } catch (const json::exception& error) {
    const bool one_line = text.find('\n') == text.npos;
    fail_json(place,
              fmt::format("not valid JSON: {}. Correct this place.", reason_of(error, one_line)));
  }
}

std::vector<std::string> keys_in_order(std::string_view text, std::string_view member) {
  std::vector<std::string> keys;
  int depth = 0;  // of arrays and objects that are open
  bool inside = false;
  const json::parser_callback_t look = [&](int, json::parse_event_t event, json& value) {
    using Event = json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) ++depth;
    if (event == Event::object_end || event == Event::array_end) --depth;
    if (event == Event::key && depth == 1) inside = value.get_ref<std::string&>() == member;
    if (event == Event::key && depth == 2 && inside) keys.push_back(value.get<std::string>());
    return true;
  };
  [[maybe_unused]] const json parsed = json::parse(text, look);
  return keys;
}

json load_json(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  const auto bytes = file->bytes();
  return parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
}

std::string dump_json(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

const json& require(const json& object, std::string_view key, const std::string& place) {
  if (!object.is_object()) {
    fail_json(place, fmt::format("expected an object with key '{}', got {}.", printable_start(key),
                                 type_of(object)));
  }
  const auto found = object.find(key);
  if (found == object.end()) {
    fail_json(place, fmt::format("key '{}' is missing. Add it.", printable_start(key)));
  }
  return *found;
}

std::string require_string(const json& object, std::string_view key, const std::string& place) {
  return as_string(require(object, key, place), key, place);
}

int64_t require_int(const json& object, std::string_view key, const std::string& place) {
  return as_int(require(object, key, place), key, place);
}

double require_double(const json& object, std::string_view key, const std::string& place) {
  return as_double(require(object, key, place), key, place);
}

bool require_bool(const json& object, std::string_view key, const std::string& place) {
  return as_bool(require(object, key, place), key, place);
}

const json& require_array(const json& object, std::string_view key, const std::string& place) {
  const json& value = require(object, key, place);
  if (!value.is_array()) fail_type(key, place, "an array", value);
  return value;
}

const json& require_object(const json& object, std::string_view key, const std::string& place) {
  const json& value = require(object, key, place);
  if (!value.is_object()) fail_type(key, place, "an object", value);
  return value;
}

std::vector<std::string> require_strings(const json& object, std::string_view key,
                                         const std::string& place) {
  std::vector<std::string> strings;
  for (const json& item : require_array(object, key, place)) {
    strings.push_back(as_string(item, key, place));
  }
  return strings;
}

std::vector<int64_t> require_ints(const json& object, std::string_view key,
                                  const std::string& place) {
  std::vector<int64_t> ints;
  for (const json& item : require_array(object, key, place)) {
    ints.push_back(as_int(item, key, place));
  }
  return ints;
}

const json* find(const json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string get_string(const json& object, std::string_view key, const std::string& fallback,
                       const std::string& place) {
  const json* value = find(object, key);
  return value ? as_string(*value, key, place) : fallback;
}

int64_t get_int(const json& object, std::string_view key, int64_t fallback,
                const std::string& place) {
  const json* value = find(object, key);
  return value ? as_int(*value, key, place) : fallback;
}

double get_double(const json& object, std::string_view key, double fallback,
                  const std::string& place) {
  const json* value = find(object, key);
  return value ? as_double(*value, key, place) : fallback;
}

bool get_bool(const json& object, std::string_view key, bool fallback, const std::string& place) {
  const json* value = find(object, key);
  return value ? as_bool(*value, key, place) : fallback;
}

}  // namespace relatum::io
