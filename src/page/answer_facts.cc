// Picks keys of the record and names them.
#include "page/answer_facts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace relatum::page {
namespace {

using nlohmann::ordered_json;

/// A value as text; of objects the keys. Nothing of what has no effect.
std::string text_of(std::string_view key, const ordered_json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) {
    const double number = value.get<double>();
    return key == "temperature" && number == 1 ? "" : fmt::format("{:.4g}", number);
  }
  if (value == true) return "yes";
  std::string names;
  if (!value.is_object()) return names;
  for (const auto& [name, _] : value.items()) names += (names.empty() ? "" : ", ") + name;
  return names;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> answer_facts(const std::string& record,
                                                              std::string_view data) {
  std::vector<std::pair<std::string, std::string>> facts;
  if (record.empty()) return facts;
  const ordered_json keys = ordered_json::parse(record);
  for (const auto& [key, name] :
       {std::pair("model", "model"), std::pair("adapter", "adapter"),
        std::pair("adapters", "adapters"), std::pair("base", "weights"),
        std::pair("prompt", "prompt"), std::pair("index", "index"),
        std::pair("data", "answered from"), std::pair("answer", "way of answering"),
        std::pair("temperature", "temperature"), std::pair("threshold", "threshold"),
        std::pair("multi_label", "several labels for a pair"), std::pair("time", kAnsweredOn)}) {
    const auto at = keys.find(key);
    if (at == keys.end() || *at == data) continue;
    std::string text = text_of(key, *at);
    if (!text.empty()) facts.emplace_back(name, std::move(text));
  }
  return facts;
}

}  // namespace relatum::page
