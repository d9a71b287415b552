// Coordinates with one digit, text escaped.
#include "jobs/study_svg.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/printable.h"
#include "io/json.h"
#include "jobs/study_results.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;

constexpr size_t kNameLength = 56;

}  // namespace

std::vector<ChartRow> chart_rows(const json& all) {
  std::vector<ChartRow> rows;
  for (const json& arm : all.at("arms")) {
    const json* figure = official_figure(arm);
    if (!figure) continue;
    ChartRow& row = rows.emplace_back();
    row.name = text_of(arm, "arm");
    row.mean = row.low = row.high = 100 * figure->at("mean").get<double>();
    for (const json& value : figure->at("values")) row.values.push_back(100 * value.get<double>());
    if (const json* interval = io::find(*figure, "interval")) {
      row.low = 100 * interval->at("low").get<double>();
      row.high = 100 * interval->at("high").get<double>();
    }
  }
  return rows;
}

std::string chart_title(const json& all) {
  for (const json& arm : all.at("arms")) {
    if (const json* figure = official_figure(arm)) return text_of(*figure, "title");
  }
  return "";
}

std::string written_name(const std::string& arm, const std::vector<std::string>& axes) {
  const std::string made = fmt::format("{}", fmt::join(axes, ", "));
  const bool named = arm.size() > made.size() + 2 && arm.ends_with(", " + made);
  return named ? arm.substr(0, arm.size() - made.size() - 2) : "";
}

ChartScale::ChartScale(const std::vector<ChartRow>& rows) {
  double low = 100, high = 0;
  for (const ChartRow& row : rows) {
    low = std::min({low, row.low, *std::ranges::min_element(row.values)});
    high = std::max({high, row.high, *std::ranges::max_element(row.values)});
  }
  for (const double step : {0.5, 1.0, 2.0, 5.0, 10.0, 20.0}) {
    step_ = step;
    if ((high - low) / step <= 8) break;
  }
  low_ = std::floor(low / step_) * step_;
  high_ = std::max(std::ceil(high / step_) * step_, low_ + step_);
}

std::vector<double> ChartScale::ticks() const {
  std::vector<double> all;
  for (int i = 0; low_ + i * step_ <= high_ + step_ / 2; ++i) all.push_back(low_ + i * step_);
  return all;
}

std::string svg_text(const std::string& text) {
  std::string escaped;
  for (const char c : printable_ends(text, kNameLength)) {
    if (c == '&') escaped += "&amp;";
    else if (c == '<') escaped += "&lt;";
    else if (c == '>') escaped += "&gt;";
    else escaped += c;
  }
  return escaped;
}

std::string svg_line(double x1, double y1, double x2, double y2, const std::string& style) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1, y1,
                     x2, y2, style);
}

std::string svg_label(double x, double y, const char* anchor, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     svg_text(text));
}

std::string svg_head(double width, double height) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"{2}\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
      width, height, kChartInk);
}

}  // namespace relatum::jobs
