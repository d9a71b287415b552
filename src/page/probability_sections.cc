// How far probabilities can be trusted, and what thresholds of them do.
#include <fmt/format.h>

#include "base/counted.h"
#include "page/html_text.h"
#include "page/sections.h"

namespace relatum::page {
namespace {

constexpr size_t kPoints = 25;  // lines of the threshold's table

std::string calibration_figures(const task::Calibration& calibration) {
  std::string rows;
  const auto add = [&](std::string_view name, std::string_view what, std::string_view value) {
    rows += fmt::format("<tr><th scope=\"row\">{}<span class=\"soft\">{}</span></th>{}</tr>\n",
                        name, what, number_cell(value));
  };
  add("ECE", "expected calibration error, 15 bins of equal mass", percent(calibration.ece));
  add("ECE, equal width", "15 bins of equal width", percent(calibration.ece_equal_width));
  add("Brier score", "of the answers, 0 to 1", fmt::format("{:.4f}", calibration.brier));
  if (calibration.labels) {
    add("Brier score over all labels", "0 to 2", fmt::format("{:.4f}", calibration.labels->brier));
    add("log loss", "mean of -log p(gold label)",
        fmt::format("{:.4f}", calibration.labels->log_loss));
  }
  add("mean probability", "of the answers", percent(calibration.mean_probability));
  add("right", "of these answers", percent(calibration.accuracy));
  return table(counted(calibration.count, "answer") + " with a probability",
               head_row({"figure", "value"}), rows);
}

std::string bins(const task::Calibration& calibration) {
  std::string rows;
  for (const task::ReliabilityBin& bin : calibration.bins) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th>{}{}{}{}</tr>\n", between(bin.low, bin.high),
                        number_cell(grouped(uint64_t(bin.count))),
                        number_cell(percent(bin.mean_probability)), bar_cell(bin.accuracy),
                        number_cell(between(bin.accuracy_low, bin.accuracy_high)));
  }
  return table("Bins of equal mass",
               head_row({"probability", "answers", "mean", "right", "95 % interval"}), rows);
}

}  // namespace

Section calibration_section(const task::Report& report) {
  Section section{"calibration", "Calibration", ""};
  if (!report.calibration) return section;
  section.body = note(
      "An answer with a probability of 80 % should be right 80 times of 100. On the "
      "dashed line it is; below it the system is surer than right.");
  section.body += "<div class=\"two\"><div>" +
                  chart("reliability",
                        "Share of right answers by their probability, with exact 95 "
                        "% intervals",
                        bins(*report.calibration)) +
                  "</div><div>" + calibration_figures(*report.calibration) + "</div></div>\n";
  return section;
}

Section threshold_section(const task::Report& report) {
  Section section{"threshold", "Threshold", ""};
  if (!report.curve) return section;
  const task::ThresholdCurve& curve = *report.curve;
  std::string rows;
  for (const task::CurvePoint& point : task::thinned(curve, kPoints)) {
    const bool best = point.answered == curve.best.answered;
    rows += fmt::format("<tr><th scope=\"row\">{:.4f}{}</th>{}{}{}{}</tr>\n", point.threshold,
                        best ? " <span class=\"badge\">best</span>" : "",
                        number_cell(grouped(uint64_t(point.answered))),
                        number_cell(percent(point.scores.precision)),
                        number_cell(percent(point.scores.recall)), bar_cell(point.scores.f1));
  }
  section.body = note(fmt::format(
      "What is answered if a {}'s probability has to reach a threshold ({}). Average precision "
      "{}. The best point, {:.4f}, is the best of these very examples: no test figure.",
      report.negative ? "relation" : "label",
      curve.from == "scores"
          ? "by all labels' probabilities"
          : "of what was answered; with <code>--scores</code> in the answers the "
            "curve would go on below",
      percent(curve.average_precision), curve.best.threshold));
  section.body += chart(
      "threshold",
      "Precision, recall and F1 over the threshold; precision "
      "against recall",
      table("At most " + std::to_string(kPoints) + " points of the curve",
            head_row({"threshold", "answered", "P", "R", "F1"}), rows, "sortable"));
  return section;
}

}  // namespace relatum::page
