// How much of long lists a page shows, so that it stays small whatever the data.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace relatum::page {

inline constexpr size_t kGroups = 20;  ///< of one way to sort the examples

/// JSON for the page: objects and lists of more than `most` entries lose those behind them, texts
/// of more than 300 code points their ends. What was left out is told in a list of sentences.
struct Shortened {
  size_t most = 300;
  std::vector<std::string> left_out;

  /// Shortens in place; `path` names it in sentences.
  void shorten(nlohmann::ordered_json& value, const std::string& path);
};

}  // namespace relatum::page
