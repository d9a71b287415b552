// Draws bars, the confusion matrix and the reliability diagram; report_html.cc has the colours.
#include "task/report_charts.h"

#include <fmt/format.h>

#include <algorithm>

#include "task/utf8.h"

namespace relatum::task {
namespace {

constexpr int kRow = 22;       // height of a bar's row
constexpr int kNames = 250;    // width kept for label names
constexpr int kBars = 420;     // width of a full bar
constexpr int kCell = 20;      // side of a matrix cell
constexpr int kPlot = 320;     // side of the reliability diagram
constexpr int kMargin = 44;
constexpr int64_t kLongestName = 36;

std::string short_name(std::string_view name) {
  if (utf8_length(name) <= kLongestName) return escape_html(name);
  return escape_html(utf8_slice(name, 0, kLongestName - 1)) + "…";
}

std::string open_svg(int width, int height, std::string_view title) {
  return fmt::format("<svg viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
                     "aria-label=\"{2}\">\n",
                     width, height, title);
}

/// Labels that occur in gold or answers; the others would only take room.
std::vector<size_t> occurring(const Report& report) {
  std::vector<size_t> indices;
  for (size_t i = 0; i < report.per_label.size(); ++i)
    if (report.per_label[i].support + report.per_label[i].predicted > 0) indices.push_back(i);
  return indices;
}

std::string cell(const Report& report, size_t gold, size_t column, int x, int y) {
  const int64_t count = report.matrix[gold][column];
  if (count == 0) return fmt::format("<rect class=\"empty\" x=\"{}\" y=\"{}\" width=\"{}\" "
                                     "height=\"{}\"/>\n",
                                     x, y, kCell - 1, kCell - 1);
  const bool none = column == report.per_label.size();
  const double share = double(count) / double(report.per_label[gold].support);
  const std::string answer =
      none ? "unparsed" : escape_html(report.per_label[column].label);
  return fmt::format(
      "<rect class=\"{}\" fill-opacity=\"{:.3f}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\">"
      "<title>{} answered as {}: {} ({:.1f} %)</title></rect>\n",
      gold == column ? "hit" : "miss", 0.12 + 0.88 * share, x, y, kCell - 1, kCell - 1,
      escape_html(report.per_label[gold].label), answer, count, 100 * share);
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      case '\'': safe += "&#39;"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') safe += "\uFFFD";
        else safe += c;
    }
  }
  return safe;
}

std::string label_bars(const Report& report) {
  const std::vector<size_t> labels = occurring(report);
  std::string svg =
      open_svg(kNames + kBars + 70, kRow * int(labels.size()) + 4, "F1 of each label");
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
        100 * row.scores.f1, row.support, kNames - 10, y + 15, short_name(row.label), kNames,
        y + 3, kBars, kRow - 7, kNames, y + 3, kBars * row.scores.f1, kRow - 7,
        kNames + kBars + 8, y + 15, 100 * row.scores.f1);
    y += kRow;
  }
  return svg + "</svg>\n";
}

std::string confusion_map(const Report& report) {
  std::vector<size_t> columns = occurring(report);
  const std::vector<size_t> rows = columns;
  if (report.unparsed > 0) columns.push_back(report.per_label.size());
  // The slanted names of the last columns lean half their length to the right.
  const int width = kNames + kCell * int(columns.size()) + kNames / 2;
  size_t longest = std::string_view("(unparsed)").size();
  for (const size_t row : rows) {
    longest = std::max(longest, short_name(report.per_label[row].label).size());
  }
  const int top = std::min(kNames, 16 + 6 * int(longest));  // about 7 pixels a letter, slanted
  const int height = top + kCell * int(rows.size()) + 4;
  std::string svg = open_svg(width, height, "Confusion matrix");
  for (size_t c = 0; c < columns.size(); ++c) {
    const int x = kNames + kCell * int(c) + 14;
    const bool none = columns[c] == report.per_label.size();
    svg += fmt::format("<text transform=\"translate({},{}) rotate(-60)\">{}</text>\n", x,
                       top - 8,
                       none ? "(unparsed)" : short_name(report.per_label[columns[c]].label));
  }
  for (size_t r = 0; r < rows.size(); ++r) {
    const int y = top + kCell * int(r);
    svg += fmt::format("<text class=\"name\" x=\"{}\" y=\"{}\">{}</text>\n", kNames - 8, y + 14,
                       short_name(report.per_label[rows[r]].label));
    for (size_t c = 0; c < columns.size(); ++c)
      svg += cell(report, rows[r], columns[c], kNames + kCell * int(c), y);
  }
  return svg + "</svg>\n";
}

std::string reliability_diagram(const Report& report) {
  if (!report.calibration) return "";
  const Calibration& calibration = *report.calibration;
  const int side = kPlot + 2 * kMargin;
  const auto x = [](double value) { return kMargin + kPlot * value; };
  const auto y = [](double value) { return kMargin + kPlot * (1 - value); };
  std::string svg = open_svg(side, side, "Reliability diagram");
  for (const double tick : {0.0, 0.25, 0.5, 0.75, 1.0})
    svg += fmt::format("<line class=\"grid\" x1=\"{0}\" x2=\"{1}\" y1=\"{2}\" y2=\"{2}\"/>"
                       "<text class=\"value\" x=\"8\" y=\"{3}\">{4:.0f}</text>"
                       "<text class=\"tick\" x=\"{5}\" y=\"{6}\">{4:.0f}</text>\n",
                       x(0), x(1), y(tick), y(tick) + 4, 100 * tick, x(tick), y(0) + 18);
  const double gap = kPlot / 10.0;
  for (const CalibrationBin& bin : calibration.bins) {
    if (bin.count == 0) continue;
    svg += fmt::format("<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
                       "height=\"{:.1f}\"><title>{} answers, mean probability {:.2f}, right "
                       "{:.2f}</title></rect>"
                       "<circle class=\"dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"/>\n",
                       x(bin.low) + 2, y(bin.accuracy), gap - 4, kPlot * bin.accuracy, bin.count,
                       100 * bin.mean_probability, 100 * bin.accuracy, x(bin.mean_probability),
                       y(bin.accuracy));
  }
  svg += fmt::format("<line class=\"ideal\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n", x(0),
                     y(0), x(1), y(1));
  svg += fmt::format("<text class=\"tick\" x=\"{}\" y=\"{}\">mean probability, %</text>\n", x(0.5),
                     side - 6);
  svg += fmt::format("<text class=\"value\" x=\"8\" y=\"{}\">right, %</text>\n", kMargin - 18);
  return svg + "</svg>\n";
}

}  // namespace relatum::task
