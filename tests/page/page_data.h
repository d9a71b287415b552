// Data sets, answers and what stands in a page, for the tests of pages.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "page/evaluation_page.h"
#include "task/support.h"

namespace relatum::page::testing {

using task::testing::example;

inline task::Dataset data_of(const std::vector<std::string>& gold, const task::Labels& labels) {
  task::Dataset data;
  data.name = "test.jsonl";
  data.labels = labels;
  for (size_t i = 0; i < gold.size(); ++i) {
    data.examples.push_back(
        example(std::to_string(i), "a b " + std::to_string(i), "a", "b", gold[i]));
  }
  return data;
}

inline task::Prediction answer(size_t id, std::optional<std::string> label,
                               std::optional<double> probability = {}) {
  task::Prediction prediction;
  prediction.id = std::to_string(id);
  prediction.label = std::move(label);
  prediction.probability = probability;
  return prediction;
}

/// The page of these answers, with their groups.
inline std::string page_of(const task::Dataset& data, const std::vector<task::Prediction>& answers,
                           const Origin& origin = {},
                           std::span<const std::optional<task::NearestExample>> nearest = {},
                           bool looked_up = false) {
  const task::Report report = task::evaluate(data, answers, {.samples = 20});
  task::Analysis analysis = task::analyse(data, answers, nearest, {data.examples, "rows", true},
                                          {});
  analysis.looked_up = looked_up;
  return evaluation_page({report, &analysis, origin});
}

/// What stands between two texts; empty where they are not there.
inline std::string part_of(const std::string& page, const std::string& open,
                           const std::string& close) {
  const size_t start = page.find(open);
  if (start == page.npos) return "";
  const size_t from = start + open.size(), end = page.find(close, from);
  return end == page.npos ? "" : page.substr(from, end - from);
}

inline nlohmann::ordered_json data_in(const std::string& page) {
  return nlohmann::ordered_json::parse(part_of(page, "id=\"relatum-data\">", "</script>"));
}

inline size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace relatum::page::testing
