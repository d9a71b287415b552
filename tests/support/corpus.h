// A tiny corpus and the fixtures' models: what whole jobs are tested with.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace relatum::testing {

using nlohmann::json;

inline const std::string kModel = RELATUM_FIXTURES "/llama/tied";
inline const std::string kOtherModel = RELATUM_FIXTURES "/llama/tiny.gguf";  // other weights
inline const std::string kEmbedder = RELATUM_FIXTURES "/bert";
inline const std::vector<std::string> kLabels = {"causes(e1,e2)", "part-of", "causes(e2,e1)",
                                                 "no_relation"};

inline std::vector<json> json_lines(const std::string& text) {
  std::vector<json> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) rows.push_back(json::parse(line));
  return rows;
}

inline std::set<std::string> keys_of(const json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

/// Row `id` of the corpus; the entities are the first places of two words.
inline json row(const std::string& id, const std::string& text, const std::string& head,
                const std::string& tail, const std::string& label) {
  const auto span = [&](const std::string& word) {
    const size_t at = text.find(word);
    return json{{"start", at}, {"end", at + word.size()}};
  };
  return {{"id", id}, {"text", text}, {"head", span(head)}, {"tail", span(tail)}, {"label", label}};
}

/// Ten sentences, four labels in the order of kLabels.
inline std::vector<json> corpus() {
  return {row("1", "Rain made the road wet.", "Rain", "road", kLabels[0]),
          row("2", "The wheel is in the car.", "wheel", "car", kLabels[1]),
          row("3", "Smoke came from a fire.", "Smoke", "fire", kLabels[2]),
          row("4", "The door of the house.", "door", "house", kLabels[1]),
          row("5", "Tom saw a bird.", "Tom", "bird", kLabels[3]),
          row("6", "Heat made the ice melt.", "Heat", "ice", kLabels[0]),
          row("7", "A page of the book.", "page", "book", kLabels[1]),
          row("8", "Ann read near a tree.", "Ann", "tree", kLabels[3]),
          row("9", "The flood followed rain.", "flood", "rain", kLabels[2]),
          row("10", "Wind broke the fence.", "Wind", "fence", kLabels[0])};
}

}  // namespace relatum::testing
