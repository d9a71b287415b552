// How much of long lists a page shows, so that it stays small whatever the data.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace relatum::page {

inline constexpr size_t kGroups = 20;  ///< of one way to sort the examples

/// JSON for the page: objects and lists of more than 300 entries lose those behind them, texts of
/// more than 300 code points their ends. What was left out is told in a list of sentences.
struct Shortened {
  std::vector<std::string> left_out;

  /// An object's entries, shortened, and "left_out" behind them.
  std::string text(nlohmann::ordered_json data);

 private:
  /// In place; `path` names it in sentences.
  void shorten(nlohmann::ordered_json& value, const std::string& path);
};

}  // namespace relatum::page
