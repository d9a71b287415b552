// The report as a table for the terminal.
#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "task/report.h"

namespace relatum::task {
namespace {

constexpr size_t kWorst = 10;         // confusions shown
constexpr int64_t kWidestLabel = 36;  // code points; longer names are cut
constexpr int64_t kBarWidth = 20;

/// A name of exactly `width` code points.
std::string padded(std::string_view name, int64_t width) {
  const std::string shown = printable_start(name, utf8_length(name) > width ? width - 1 : width);
  return shown + std::string(size_t(std::max<int64_t>(0, width - utf8_length(shown))), ' ');
}

std::string percent(double fraction) { return fmt::format("{:6.2f}", 100 * fraction); }

std::string bar(double fraction) {
  const auto filled = int64_t(fraction * double(kBarWidth) + 0.5);
  std::string text;
  for (int64_t i = 0; i < kBarWidth; ++i) text += i < filled ? "█" : "·";
  return text;
}

std::string figures(const Scores& scores) {
  return fmt::format("{}  {}  {}", percent(scores.precision), percent(scores.recall),
                     percent(scores.f1));
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
  out += fmt::format("\n\n  {}  {:.2f}", report.official.title, 100 * official.f1);
  const bool wide = report.interval && report.interval->low < report.interval->high;
  if (wide) {
    out += fmt::format("\n  {:.0f} % interval  {:.2f} to {:.2f}  ({} bootstrap samples of {})",
                       100 * report.interval->level, 100 * report.interval->low,
                       100 * report.interval->high, report.interval->samples,
                       counted(report.interval->units, "text"));
  } else if (report.interval) {
    out +=
        "\n  no interval: every bootstrap sample gives this figure, so none can tell how far "
        "off it is";
  }
  out += fmt::format("\n  accuracy  {:.2f}\n", 100 * report.accuracy);
  if (report.negative) {
    out += fmt::format("  negative label  {}\n", printable_start(*report.negative));
  }
}

void write_metrics(const Report& report, int64_t width, std::string& out) {
  out += fmt::format("\n{}       P       R      F1\n", padded("metric", width));
  for (const NamedScores& metric : report.metrics) {
    const bool official = metric.name == report.official.name;
    if (!metric.scores || !(metric.wanted || official)) continue;
    out += fmt::format("{}  {}{}\n", padded(metric.name, width), figures(*metric.scores),
                       official ? "  official" : "");
  }
}

void write_labels(const Report& report, int64_t width, std::string& out) {
  out += fmt::format("\n{}       P       R      F1  support\n", padded("label", width));
  for (const LabelReport& row : report.per_label) {
    if (row.support == 0 && row.predicted == 0) continue;
    out += fmt::format("{}  {}  {:7}  {}\n", padded(row.label, width), figures(row.scores),
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
      "\nprobability   answers    mean   right   (expected calibration error "
      "{:.2f})\n",
      100 * calibration.expected_error);
  for (const CalibrationBin& bin : calibration.bins) {
    if (bin.count == 0) continue;
    out += fmt::format("{:.1f} to {:.1f}     {:7}  {}  {}  {}\n", bin.low, bin.high, bin.count,
                       percent(bin.mean_probability), percent(bin.accuracy), bar(bin.accuracy));
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
  write_calibration(report, out);
  return out;
}

}  // namespace relatum::task
