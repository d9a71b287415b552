// The report as `evaluate --json` prints it.
#include <nlohmann/json.hpp>

#include "task/report.h"

namespace relatum::task {
namespace {

using nlohmann::ordered_json;

ordered_json figures(const Scores& scores) {
  return {{"precision", scores.precision}, {"recall", scores.recall}, {"f1", scores.f1}};
}

ordered_json official(const NamedScores& scores) {
  ordered_json object = {{"name", scores.name}};
  object.update(figures(scores.scores.value_or(Scores{})));
  return object;
}

ordered_json calibration(const Calibration& calibration) {
  ordered_json object = {{"count", calibration.count},
                         {"expected_error", calibration.expected_error},
                         {"bins", ordered_json::array()}};
  for (const CalibrationBin& bin : calibration.bins) {
    object["bins"].push_back({{"low", bin.low},
                              {"high", bin.high},
                              {"count", bin.count},
                              {"mean_probability", bin.mean_probability},
                              {"accuracy", bin.accuracy}});
  }
  return object;
}

}  // namespace

std::string to_json(const Report& report) {
  ordered_json out;
  out["examples"] = report.examples;
  out["unparsed"] = report.unparsed;
  out["missing"] = report.missing;
  out["gold_labels"] = report.gold_labels;
  out["negative"] = report.negative ? ordered_json(*report.negative) : ordered_json();
  out["accuracy"] = report.accuracy;
  out["official"] = official(report.official);
  out["metrics"] = ordered_json::object();
  for (const NamedScores& metric : report.metrics) {
    out["metrics"][metric.name] = metric.scores ? figures(*metric.scores) : ordered_json();
  }
  out["per_label"] = ordered_json::object();
  for (const LabelReport& row : report.per_label) {
    ordered_json label = figures(row.scores);
    label["support"] = row.support;
    out["per_label"][row.label] = std::move(label);
  }
  out["outside"] = ordered_json::object();
  for (const LabelCount& each : report.outside) out["outside"][each.label] = each.count;
  out["confusions"] = ordered_json::array();
  for (const ConfusedPair& pair : report.worst) {
    out["confusions"].push_back(
        {{"gold", pair.gold.empty() ? ordered_json() : ordered_json(pair.gold)},
         {"predicted", pair.predicted.empty() ? ordered_json() : ordered_json(pair.predicted)},
         {"count", pair.count}});
  }
  out["interval"] = ordered_json();
  if (report.interval) {
    out["interval"] = {{"low", report.interval->low},
                       {"high", report.interval->high},
                       {"level", report.interval->level},
                       {"samples", report.interval->samples},
                       {"texts", report.interval->units}};
  }
  if (report.calibration) out["calibration"] = calibration(*report.calibration);
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace relatum::task
