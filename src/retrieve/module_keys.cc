// Walks over the keys of an object.
#include "retrieve/module_keys.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"

namespace relatum::retrieve {
namespace {

bool says_something(const nlohmann::json& value) {
  if (value.is_null() || value == false || value == 0) return false;
  return !(value.is_structured() && value.empty()) && value != "";
}

bool is_known(std::string_view key, const nlohmann::json& value, std::string_view entry) {
  const size_t equals = entry.find('=');
  if (entry.substr(0, equals) != key) return false;
  return equals == std::string_view::npos ||
         (value.is_string() && value.get_ref<const std::string&>() == entry.substr(equals + 1));
}

}  // namespace

void check_keys(const nlohmann::json& object, std::initializer_list<std::string_view> known,
                const std::string& place) {
  if (!object.is_object()) {
    fail("retrieve.embedder", fmt::format("{}: expected an object of settings.", place));
  }
  for (const auto& [key, value] : object.items()) {
    bool found = !says_something(value);
    for (const std::string_view entry : known) found = found || is_known(key, value, entry);
    if (found) continue;
    fail("retrieve.embedder",
         fmt::format("{}: the setting '{}' ({}) is not supported. Choose "
                     "another embedder, or take it out where it is known to "
                     "change nothing.",
                     place, printable_start(key), printable_start(io::dump_json(value), 60)));
  }
}

}  // namespace relatum::retrieve
