// The report as a table for the terminal.
#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "task/figures_text.h"
#include "task/report.h"
#include "task/text_columns.h"

namespace relatum::task {
namespace {

constexpr size_t kWorst = 10;         // confusions shown
constexpr int64_t kWidestLabel = 36;  // code points; longer names are cut
constexpr int64_t kBarWidth = 20;

std::string bar(double fraction) {
  const auto filled = int64_t(fraction * double(kBarWidth) + 0.5);
  std::string text;
  for (int64_t i = 0; i < kBarWidth; ++i) text += i < filled ? "█" : "·";
  return text;
}

/// "  (84.12 to 86.30)", or nothing.
std::string between(const std::optional<Interval>& interval) {
  if (!interval || interval->low >= interval->high) return "";
  return fmt::format("  ({:.2f} to {:.2f})", 100 * interval->low, 100 * interval->high);
}

int64_t label_width(const Report& report) {
  int64_t width = 24;  // the longest metric name and the headings fit
  for (const LabelReport& row : report.per_label) {
    width = std::max(width, utf8_length(row.label));
  }
  return std::min(width, kWidestLabel);
}

void write_summary(const Report& report, std::string& out) {
  out += fmt::format("{}: {}", report.data, counted(report.examples, "example"));
  if (report.gold_labels > report.examples) {
    out += fmt::format(" with {} gold labels", report.gold_labels);
  }
  if (report.unparsed > 0) out += fmt::format(", {} unparsed", report.unparsed);
  if (report.missing > 0) out += fmt::format(", {} without a prediction", report.missing);
  const Scores official = report.official.scores.value_or(Scores{});
  out += fmt::format("\n\n  {}  {:.2f}\n", report.official.title, 100 * official.f1);
  out += interval_line(report.interval, "text");
  out += fmt::format("  accuracy  {:.2f}{}\n", 100 * report.accuracy,
                     between(report.accuracy_interval));
  if (report.gold_labels > report.examples) {
    out += fmt::format("  all labels of a pair right, and no other  {:.2f}\n",
                       100 * report.exact_match);
  }
  if (report.negative) {
    out += fmt::format("  negative label  {}\n", printable_start(*report.negative));
  }
}

void write_metrics(const Report& report, int64_t width, std::string& out) {
  out += fmt::format("\n{}       P       R      F1\n", padded("metric", width));
  for (const NamedScores& metric : report.metrics) {
    const bool official = metric.name == report.official.name;
    if (!metric.scores || !(metric.wanted || official)) continue;
    out += fmt::format("{}  {}{}{}\n", padded(metric.name, width), figures_text(*metric.scores),
                       between(metric.interval), official ? "  official" : "");
  }
  for (const NamedScores& metric : report.metrics) {
    if (metric.wanted && !metric.note.empty()) out += wrapped(metric.note);
  }
}

void write_errors(const Report& report, std::string& out) {
  const ErrorKinds& kinds = report.errors;
  if (kinds.total() == 0) return;
  out += fmt::format("\nmistakes: {}\n", kinds.total());
  out += kind_line(kinds.direction, "the right relation, the wrong way round");
  out += kind_line(kinds.relation, "another relation");
  out += kind_line(kinds.missed, "a relation missed: the negative label was answered");
  out += kind_line(kinds.spurious, "a relation answered where there is none");
  out += kind_line(kinds.unanswered, report.gold_labels > report.examples
                                         ? "a gold label without an answer"
                                         : "without an answer: unparsed or missing");
  out += kind_line(kinds.extra, "an answer more than the pair has labels");
  if (!report.undirected) return;
  const Undirected& undirected = *report.undirected;
  out += fmt::format("  directions left out: accuracy {:.2f}, micro-F1 {:.2f}, macro-F1 {:.2f}",
                     100 * undirected.accuracy, 100 * undirected.micro_all.f1,
                     100 * undirected.macro.f1);
  if (undirected.micro_relations && undirected.macro_relations) {
    out += fmt::format("; without the negative\n  label: micro-F1 {:.2f}, macro-F1 {:.2f}",
                       100 * undirected.micro_relations->f1, 100 * undirected.macro_relations->f1);
  }
  out += "\n";
}

void write_labels(const Report& report, int64_t width, std::string& out) {
  out += fmt::format("\n{}       P       R      F1  support\n", padded("label", width));
  for (const LabelReport& row : report.per_label) {
    if (row.support == 0 && row.predicted == 0) continue;
    out += fmt::format("{}  {}  {:7}  {}\n", padded(row.label, width), figures_text(row.scores),
                       row.support, bar(row.scores.f1));
  }
}

void write_worst(const Report& report, int64_t width, std::string& out) {
  if (report.worst.empty()) return;
  out += fmt::format("\n{}  {}  count\n", padded("most confused: gold", width),
                     padded("answered", width));
  for (size_t i = 0; i < std::min(kWorst, report.worst.size()); ++i) {
    const ConfusedPair& pair = report.worst[i];
    const std::string gold = pair.gold.empty() ? "(none)" : pair.gold;
    const std::string_view predicted = pair.predicted.empty() ? no_answer_name(report)
                                                              : std::string_view(pair.predicted);
    out += fmt::format("{}  {}  {:5}\n", padded(gold, width), padded(predicted, width), pair.count);
  }
}

void write_calibration(const Report& report, std::string& out) {
  if (!report.calibration) return;
  const Calibration& calibration = *report.calibration;
  out += fmt::format(
      "\nprobabilities of {}: mean {:.2f}, right {:.2f}\n"
      "  expected calibration error {:.2f} (15 bins of equal mass; of equal width {:.2f})\n"
      "  Brier score {:.4f}",
      counted(calibration.count, "answer"), 100 * calibration.mean_probability,
      100 * calibration.accuracy, 100 * calibration.ece, 100 * calibration.ece_equal_width,
      calibration.brier);
  if (calibration.labels) {
    out += fmt::format(", over all labels {:.4f}; log loss {:.4f}", calibration.labels->brier,
                       calibration.labels->log_loss);
  }
  out += "\n\nprobability       answers    mean   right   95 % interval\n";
  for (const ReliabilityBin& bin : calibration.bins) {
    out += fmt::format("{} to {}  {:7}  {}  {}  {} to {}  {}\n", percent_text(bin.low),
                       percent_text(bin.high), bin.count, percent_text(bin.mean_probability),
                       percent_text(bin.accuracy), percent_text(bin.accuracy_low),
                       percent_text(bin.accuracy_high), bar(bin.accuracy));
  }
}

void write_curve(const Report& report, std::string& out) {
  if (!report.curve) return;
  const ThresholdCurve& curve = *report.curve;
  const std::string what = report.negative ? "relation's" : "label's";
  out += fmt::format(
      "\nthreshold of a {} probability ({}): average precision {:.2f}\n"
      "threshold  answered       P       R      F1\n",
      what, curve.from == "scores" ? "all labels' probabilities" : "of what was answered",
      100 * curve.average_precision);
  constexpr size_t kLines = 12;
  for (const CurvePoint& point : thinned(curve, kLines)) {
    const bool best = point.answered == curve.best.answered;
    out += fmt::format("{:9.4f}  {:8}  {}{}\n", point.threshold, point.answered,
                       figures_text(point.scores),
                       best ? "  best of these very examples, no test figure" : "");
  }
}

}  // namespace

std::string_view no_answer_name(const Report& report) {
  return report.gold_labels > report.examples ? "(no answer)" : "(unparsed)";
}

std::string to_text(const Report& report) {
  const int64_t width = label_width(report);
  std::string out;
  write_summary(report, out);
  write_metrics(report, width, out);
  write_labels(report, width, out);
  write_worst(report, width, out);
  write_errors(report, out);
  write_calibration(report, out);
  write_curve(report, out);
  return out;
}

}  // namespace relatum::task
