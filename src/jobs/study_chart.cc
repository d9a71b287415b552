// A row for each arm, or curves over the grid's numbers, or the fields of a grid of two axes.
#include "jobs/study_chart.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "io/json.h"
#include "jobs/study_curves.h"
#include "jobs/study_matrix.h"
#include "jobs/study_svg.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;

constexpr double kLeft = 344, kWidth = 864, kRight = 30, kRow = 28, kTop = 16;
constexpr const char* kMark = "#2a6f97";

double place(double value, const ChartScale& scale) {
  return kLeft + scale.share(value) * (kWidth - kLeft - kRight);
}

std::string draw_row(const ChartRow& row, double y, const ChartScale& scale) {
  const std::string stroke = fmt::format("stroke=\"{}\" stroke-width=", kMark);
  std::string svg = svg_label(kLeft - 12, y + 4, "end", row.name);
  svg += svg_line(place(row.low, scale), y, place(row.high, scale), y, stroke + "\"2\"");
  for (const double value : row.values) {
    const double x = place(value, scale);
    svg += svg_line(x, y - 7, x, y + 7, stroke + "\"1\"");
  }
  return svg + fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\" fill=\"{}\"/>\n",
                           place(row.mean, scale), y, kMark);
}

std::string draw_rows(const std::vector<ChartRow>& rows, const json& all) {
  const json* study = io::find(all, "study");
  const std::string baseline = study ? study->value("baseline", "") : "";
  const ChartScale scale(rows);
  const double bottom = kTop + kRow * double(rows.size());
  std::string svg = svg_head(kWidth, bottom + 44);
  for (const double tick : scale.ticks()) {
    const double x = place(tick, scale);
    svg += svg_line(x, kTop, x, bottom, fmt::format("stroke=\"{}\"", kChartGrid));
    svg += svg_label(x, bottom + 16, "middle", fmt::format("{:g}", tick));
  }
  bool has_baseline = false;
  for (const ChartRow& row : rows) {
    if (row.name != baseline) continue;
    has_baseline = true;
    const double x = place(row.mean, scale);
    svg += svg_line(x, kTop, x, bottom,
                    fmt::format("stroke=\"{}\" stroke-dasharray=\"4 3\"", kChartInk));
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    svg += draw_row(rows[i], kTop + kRow * (double(i) + 0.5), scale);
  }
  svg += fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}, per cent; lines: "
      "95 % intervals, strokes: cells{}</text>\n</svg>\n",
      kWidth - kRight, bottom + 36, svg_text(chart_title(all)),
      has_baseline ? ", dashed: the baseline" : "");
  return svg;
}

}  // namespace

std::string study_chart(const json& all) {
  const std::vector<ChartRow> rows = chart_rows(all);
  if (rows.empty()) return "";
  if (const std::string curves = study_curves(all, rows); !curves.empty()) return curves;
  if (const std::string matrix = study_matrix_chart(all); !matrix.empty()) return matrix;
  return draw_rows(rows, all);
}

}  // namespace relatum::jobs
