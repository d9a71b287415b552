// Draws bars, the confusion matrix and the reliability diagram; report_html.cc has the colours.
#include "task/report_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/utf8.h"
#include "task/html_text.h"

namespace relatum::task {
namespace {

constexpr int kRow = 22;          // height of a bar's row
constexpr int kNames = 250;       // width kept for label names
constexpr int kBars = 420;        // width of a full bar
constexpr int kCell = 22;         // height of a matrix cell, and its least width
constexpr size_t kPictured = 60;  // labels
constexpr int kPlot = 320;        // side of the reliability diagram
constexpr int kMargin = 44;
constexpr int64_t kLongestName = 36;

std::string short_name(std::string_view name) {
  if (utf8_length(name) <= kLongestName) return escape_html(name);
  return escape_html(utf8_slice(name, 0, kLongestName - 1)) + "…";
}

std::string open_svg(int width, int height, std::string_view title) {
  return fmt::format(
      "<svg viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
      "aria-label=\"{2}\">\n",
      width, height, title);
}

/// What the confusion matrix shows: a count per place of a row and a column. The columns after the
/// labels' are those of other labels and of unparsed answers.
struct Matrix {
  std::vector<size_t> labels;
  std::vector<std::string> columns;  // their names, escaped
  std::map<std::pair<size_t, size_t>, int64_t> counts;
  int cell_width = kCell;
};

Matrix matrix_of(const Report& report) {
  Matrix matrix;
  matrix.labels = pictured_labels(report);
  std::map<int32_t, size_t> place;
  for (const size_t label : matrix.labels) {
    place.emplace(int32_t(label), place.size());
    matrix.columns.push_back(short_name(report.per_label[label].label));
  }
  const auto is_other = [&](int32_t label) { return label >= 0 && !place.contains(label); };
  bool has_other = false, has_none = false;
  for (const auto& [cell, count] : report.counts) {
    if (!place.contains(cell.gold)) continue;
    has_other = has_other || is_other(cell.predicted);
    has_none = has_none || cell.predicted == Confusion::kNone;
  }
  const size_t other = matrix.columns.size(), none = other + (has_other ? 1 : 0);
  if (has_other) matrix.columns.push_back("(another label)");
  if (has_none) matrix.columns.push_back("(no answer)");
  int64_t largest = 0;
  for (const auto& [cell, count] : report.counts) {
    const auto row = place.find(cell.gold);
    if (row == place.end()) continue;
    const size_t column = is_other(cell.predicted)             ? other
                          : cell.predicted == Confusion::kNone ? none
                                                               : place.at(cell.predicted);
    largest = std::max(largest, matrix.counts[{row->second, column}] += count);
  }
  const int digits = int(std::to_string(largest).size());
  matrix.cell_width = std::max(kCell, 8 + 7 * digits);
  return matrix;
}

std::string cell_svg(const Matrix& matrix, const Report& report, std::pair<size_t, size_t> at,
                     int64_t count, int top) {
  const LabelReport& gold = report.per_label[matrix.labels[at.first]];
  const double share = double(count) / double(std::max<int64_t>(1, gold.support));
  const int x = kNames + matrix.cell_width * int(at.second), y = top + kCell * int(at.first);
  return fmt::format(
      "<g><title>{} answered as {}: {} ({:.1f} %)</title>"
      "<rect class=\"{}\" fill-opacity=\"{:.2f}\" x=\"{}\" y=\"{}\" width=\"{}\" "
      "height=\"{}\"/><text class=\"count{}\" x=\"{:.1f}\" y=\"{}\">{}</text></g>\n",
      escape_html(gold.label), matrix.columns[at.second], count, 100 * share,
      at.first == at.second ? "hit" : "miss", 0.12 + 0.88 * share, x, y, matrix.cell_width - 1,
      kCell - 1, share > 0.5 ? " on" : "", x + (matrix.cell_width - 1) / 2.0, y + 15, count);
}

}  // namespace

std::vector<size_t> pictured_labels(const Report& report) {
  std::vector<size_t> indices;
  const auto occurs = [&](size_t i) {
    return report.per_label[i].support + report.per_label[i].predicted;
  };
  for (size_t i = 0; i < report.per_label.size(); ++i) {
    if (occurs(i) > 0) indices.push_back(i);
  }
  if (indices.size() <= kPictured) return indices;
  std::stable_sort(indices.begin(), indices.end(),
                   [&](size_t a, size_t b) { return occurs(a) > occurs(b); });
  indices.resize(kPictured);
  std::sort(indices.begin(), indices.end());
  return indices;
}

std::string label_bars(const Report& report) {
  const std::vector<size_t> labels = pictured_labels(report);
  std::string svg = open_svg(kNames + kBars + 70, kRow * int(labels.size()) + 4,
                             "F1 of each label");
  int y = 2;
  for (const size_t i : labels) {
    const LabelReport& row = report.per_label[i];
    svg += fmt::format(
        "<g><title>{} — precision {:.2f}, recall {:.2f}, F1 {:.2f}, support {}</title>"
        "<text class=\"name\" x=\"{}\" y=\"{}\">{}</text>"
        "<rect class=\"track\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"3\"/>"
        "<rect class=\"bar\" x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" rx=\"3\"/>"
        "<text class=\"value\" x=\"{}\" y=\"{}\">{:.2f}</text></g>\n",
        escape_html(row.label), 100 * row.scores.precision, 100 * row.scores.recall,
        100 * row.scores.f1, row.support, kNames - 10, y + 15, short_name(row.label), kNames, y + 3,
        kBars, kRow - 7, kNames, y + 3, kBars * row.scores.f1, kRow - 7, kNames + kBars + 8, y + 15,
        100 * row.scores.f1);
    y += kRow;
  }
  return svg + "</svg>\n";
}

std::string confusion_map(const Report& report) {
  const Matrix matrix = matrix_of(report);
  size_t longest = 0;
  for (const std::string& name : matrix.columns) longest = std::max(longest, name.size());
  const int columns = matrix.cell_width * int(matrix.columns.size());
  // The slanted names of the last columns lean half their length to the right.
  const int width = kNames + columns + kNames / 2;
  const int top = std::min(kNames, 16 + 6 * int(longest));  // about 7 pixels a letter, slanted
  std::string svg = open_svg(width, top + kCell * int(matrix.labels.size()) + 4,
                             "Confusion matrix");
  for (size_t c = 0; c < matrix.columns.size(); ++c) {
    svg += fmt::format("<text transform=\"translate({},{}) rotate(-60)\">{}</text>\n",
                       kNames + matrix.cell_width * int(c) + matrix.cell_width / 2 + 4, top - 8,
                       matrix.columns[c]);
  }
  for (size_t r = 0; r < matrix.labels.size(); ++r) {
    const int y = top + kCell * int(r);
    svg += fmt::format(
        "<text class=\"name\" x=\"{}\" y=\"{}\">{}</text><rect class=\"empty\" "
        "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n",
        kNames - 8, y + 15, matrix.columns[r], kNames, y, columns - 1, kCell - 1);
  }
  for (const auto& [at, count] : matrix.counts) svg += cell_svg(matrix, report, at, count, top);
  return svg + "</svg>\n";
}

std::string reliability_diagram(const Report& report) {
  if (!report.calibration) return "";
  const Calibration& calibration = *report.calibration;
  const int side = kPlot + 2 * kMargin;
  const auto x = [](double value) { return kMargin + kPlot * value; };
  const auto y = [](double value) { return kMargin + kPlot * (1 - value); };
  std::string svg = open_svg(side, side, "Reliability diagram");
  for (const double tick : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    svg += fmt::format(
        "<line class=\"grid\" x1=\"{0}\" x2=\"{1}\" y1=\"{2}\" y2=\"{2}\"/>"
        "<text class=\"value\" x=\"8\" y=\"{3}\">{4:.0f}</text>"
        "<text class=\"tick\" x=\"{5}\" y=\"{6}\">{4:.0f}</text>\n",
        x(0), x(1), y(tick), y(tick) + 4, 100 * tick, x(tick), y(0) + 18);
  }
  for (const ReliabilityBin& bin : calibration.bins) {
    svg += fmt::format(
        "<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
        "height=\"{:.1f}\"><title>{} answers, mean probability {:.2f}, right "
        "{:.2f}</title></rect>"
        "<circle class=\"dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"/>\n",
        x(bin.low), y(bin.accuracy), std::max(2.0, kPlot * (bin.high - bin.low) - 1),
        kPlot * bin.accuracy, bin.count, 100 * bin.mean_probability, 100 * bin.accuracy,
        x(bin.mean_probability), y(bin.accuracy));
  }
  svg += fmt::format("<line class=\"ideal\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n", x(0),
                     y(0), x(1), y(1));
  svg += fmt::format("<text class=\"tick\" x=\"{}\" y=\"{}\">mean probability, %</text>\n", x(0.5),
                     side - 6);
  svg += fmt::format("<text class=\"value\" x=\"8\" y=\"{}\">right, %</text>\n", kMargin - 18);
  return svg + "</svg>\n";
}

}  // namespace relatum::task
