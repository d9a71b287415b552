// The report as `evaluate --json` prints it.
#include <nlohmann/json.hpp>

#include "task/figures_json.h"
#include "task/report.h"

namespace relatum::task {
namespace {

using nlohmann::ordered_json;

ordered_json official(const NamedScores& scores) {
  ordered_json object = {{"name", scores.name}};
  object.update(figures_json(scores.scores.value_or(Scores{})));
  return object;
}

ordered_json calibration(const Calibration& calibration) {
  ordered_json object = {{"count", calibration.count},
                         {"mean_probability", calibration.mean_probability},
                         {"accuracy", calibration.accuracy},
                         {"ece", calibration.ece},
                         {"ece_equal_width", calibration.ece_equal_width},
                         {"brier", calibration.brier}};
  const auto& labels = calibration.labels;
  object["labels_count"] = labels ? labels->count : 0;
  object["labels_brier"] = labels ? ordered_json(labels->brier) : ordered_json();
  object["labels_log_loss"] = labels ? ordered_json(labels->log_loss) : ordered_json();
  object["bins"] = ordered_json::array();
  for (const ReliabilityBin& bin : calibration.bins) {
    object["bins"].push_back({{"low", bin.low},
                              {"high", bin.high},
                              {"count", bin.count},
                              {"mean_probability", bin.mean_probability},
                              {"accuracy", bin.accuracy},
                              {"accuracy_low", bin.accuracy_low},
                              {"accuracy_high", bin.accuracy_high}});
  }
  return object;
}

ordered_json errors(const ErrorKinds& kinds) {
  return {{"direction", kinds.direction},   {"relation", kinds.relation},
          {"missed", kinds.missed},         {"spurious", kinds.spurious},
          {"unanswered", kinds.unanswered}, {"extra", kinds.extra}};
}

ordered_json undirected(const Undirected& scores) {
  const auto or_null = [](const std::optional<Scores>& each) {
    return each ? figures_json(*each) : ordered_json();
  };
  return {{"accuracy", scores.accuracy},
          {"micro_all", figures_json(scores.micro_all)},
          {"tacred_micro", or_null(scores.micro_relations)},
          {"macro", figures_json(scores.macro)},
          {"macro_relations", or_null(scores.macro_relations)}};
}

ordered_json point(const CurvePoint& point) {
  ordered_json object = {
      {"threshold", point.threshold}, {"answered", point.answered}, {"right", point.right}};
  object.update(figures_json(point.scores));
  return object;
}

ordered_json curve(const ThresholdCurve& curve) {
  constexpr size_t kPoints = 200;  // what a picture can show
  ordered_json object = {{"from", curve.from},
                         {"relations", curve.relations},
                         {"average_precision", curve.average_precision},
                         {"best", point(curve.best)},
                         {"points", ordered_json::array()}};
  for (const CurvePoint& each : thinned(curve, kPoints)) object["points"].push_back(point(each));
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
  out["exact_match"] = report.exact_match;
  out["official"] = official(report.official);
  out["metrics"] = ordered_json::object();
  for (const NamedScores& metric : report.metrics) {
    out["metrics"][metric.name] = metric.scores ? figures_json(*metric.scores) : ordered_json();
  }
  out["per_label"] = ordered_json::object();
  for (const LabelReport& row : report.per_label) {
    ordered_json label = figures_json(row.scores);
    label["support"] = row.support;
    label["predicted"] = row.predicted;
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
  out["interval"] = interval_json(report.interval, "texts");
  out["intervals"] = {{"accuracy", bounds_json(report.accuracy_interval)}};
  out["notes"] = ordered_json::object();
  for (const NamedScores& metric : report.metrics) {
    out["intervals"][metric.name] = bounds_json(metric.interval);
    if (metric.wanted && !metric.note.empty()) out["notes"][metric.name] = metric.note;
  }
  out["errors"] = errors(report.errors);
  out["undirected"] = report.undirected ? undirected(*report.undirected) : ordered_json();
  if (report.calibration) out["calibration"] = calibration(*report.calibration);
  if (report.curve) out["threshold_curve"] = curve(*report.curve);
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace relatum::task
