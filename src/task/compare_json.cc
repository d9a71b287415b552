// A comparison as `compare --json` prints it.
#include <nlohmann/json.hpp>

#include "task/compare.h"

namespace relatum::task {
namespace {

using nlohmann::ordered_json;

ordered_json spread(const std::optional<Spread>& spread) {
  if (!spread) return ordered_json();
  return {{"mean", spread->mean},
          {"deviation", spread->deviation},
          {"low", spread->low},
          {"high", spread->high},
          {"level", spread->level}};
}

ordered_json side(const std::vector<double>& values, double mean,
                  const std::optional<Spread>& over_files) {
  return {{"values", values}, {"mean", mean}, {"spread", spread(over_files)}};
}

ordered_json welch_json(const std::optional<Welch>& test) {
  if (!test) return ordered_json();
  return {{"difference", test->difference},
          {"low", test->low},
          {"high", test->high},
          {"level", test->level},
          {"t", test->t},
          {"freedom", test->freedom},
          {"p", test->p}};
}

ordered_json figure_json(const FigureComparison& figure) {
  ordered_json object = {{"title", figure.title},
                         {"a", side(figure.first, figure.first_mean, figure.first_spread)},
                         {"b", side(figure.second, figure.second_mean, figure.second_spread)},
                         {"difference", figure.difference}};
  object["interval"] = ordered_json();
  if (figure.interval) {
    object["interval"] = {{"low", figure.interval->low},
                          {"high", figure.interval->high},
                          {"level", figure.interval->level}};
  }
  object["p"] = figure.p ? ordered_json(*figure.p) : ordered_json();
  object["welch"] = welch_json(figure.welch);
  return object;
}

ordered_json pair_json(const PairedTest& pair) {
  return {{"a", pair.first},
          {"b", pair.second},
          {"both_right", pair.both_right},
          {"only_a_right", pair.test.only_first},
          {"only_b_right", pair.test.only_second},
          {"both_wrong", pair.both_wrong},
          {"test", pair.test.exact ? "exact" : "chi2_continuity"},
          {"statistic", pair.test.statistic},
          {"p", pair.test.p}};
}

}  // namespace

std::string to_json(const Comparison& comparison) {
  ordered_json out = {{"examples", comparison.examples},
                      {"a", comparison.first_files},
                      {"b", comparison.second_files},
                      {"official", comparison.figures[0].name},
                      {"bootstrap",
                       {{"samples", comparison.samples},
                        {"seed", comparison.seed},
                        {"texts", comparison.units},
                        {"interval", "percentile"}}}};
  for (const FigureComparison& figure : comparison.figures) {
    out["figures"][figure.name] = figure_json(figure);
  }
  out["mcnemar"] = ordered_json::array();
  for (const PairedTest& pair : comparison.pairs) out["mcnemar"].push_back(pair_json(pair));
  out["per_label"] = ordered_json::object();
  for (const LabelComparison& label : comparison.per_label) {
    out["per_label"][label.label] = {{"support", label.support},
                                     {"a", label.first},
                                     {"b", label.second},
                                     {"difference", label.second - label.first}};
  }
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace relatum::task
