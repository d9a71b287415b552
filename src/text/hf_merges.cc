// The merges of tokenizer.json's BPE.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "text/loaders.h"

namespace relatum::text {

Merges parse_merges(const nlohmann::json& model, const std::string& place) {
  Merges merges;
  for (const nlohmann::json& value : io::require_array(model, "merges", place)) {
    const auto is_text = [](const nlohmann::json& part) { return part.is_string(); };
    if (value.is_array() && value.size() == 2 && is_text(value[0]) && is_text(value[1])) {
      merges.emplace_back(value[0].get_ref<const std::string&>(),
                          value[1].get_ref<const std::string&>());
      continue;
    }
    std::string_view line;
    if (is_text(value)) line = value.get_ref<const std::string&>();
    if (line.starts_with("#version")) continue;
    const size_t space = line.find(' ');
    if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
      fail("text.json",
           fmt::format("{}: merge {} is {}, expected \"a b\" or [\"a\", \"b\"]. The "
                       "file is broken: fetch it again.",
                       place, merges.size(), printable_start(io::dump_json(value), 80)));
    }
    merges.emplace_back(line.substr(0, space), line.substr(space + 1));
  }
  return merges;
}

}  // namespace relatum::text
