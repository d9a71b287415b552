// Places on a scale of per cent, text as SVG.
#include "jobs/study_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/printable.h"
#include "io/json.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;

constexpr double kLeft = 344, kWidth = 864, kRight = 30, kRow = 28, kTop = 16;
constexpr size_t kNameLength = 56;
constexpr const char* kInk = "#24292f";
constexpr const char* kMark = "#2a6f97";
constexpr const char* kGrid = "#d8dee4";

struct Row {
  std::string name;
  double mean = 0, low = 0, high = 0;
  std::vector<double> values;
};

std::string xml_text(const std::string& text) {
  std::string escaped;
  for (const char c : printable_start(text, kNameLength)) {
    if (c == '&') escaped += "&amp;";
    else if (c == '<') escaped += "&lt;";
    else if (c == '>') escaped += "&gt;";
    else escaped += c;
  }
  return escaped;
}

std::optional<Row> row_of(const json& arm) {
  const json *official = io::find(arm, "official"), *figures = io::find(arm, "figures");
  if (!official || !figures) return std::nullopt;
  const json& figure = figures->at(official->get<std::string>());
  Row row;
  row.name = arm.at("arm").get<std::string>();
  row.mean = row.low = row.high = 100 * figure.at("mean").get<double>();
  for (const json& value : figure.at("values")) row.values.push_back(100 * value.get<double>());
  if (const json* interval = io::find(figure, "interval")) {
    row.low = 100 * interval->at("low").get<double>();
    row.high = 100 * interval->at("high").get<double>();
  }
  return row;
}

class Scale {
 public:
  explicit Scale(const std::vector<Row>& rows) {
    double low = 100, high = 0;
    for (const Row& row : rows) {
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
  double at(double value) const {
    return kLeft + (value - low_) / (high_ - low_) * (kWidth - kLeft - kRight);
  }
  std::vector<double> ticks() const {
    std::vector<double> all;
    for (int i = 0; low_ + i * step_ <= high_ + step_ / 2; ++i) all.push_back(low_ + i * step_);
    return all;
  }

 private:
  double low_ = 0, high_ = 100, step_ = 10;
};

std::string line(double x1, double y1, double x2, double y2, const std::string& style) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1, y1,
                     x2, y2, style);
}

std::string draw_row(const Row& row, double y, const Scale& scale) {
  const std::string stroke = fmt::format("stroke=\"{}\" stroke-width=", kMark);
  std::string svg = fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
                                kLeft - 12, y + 4, xml_text(row.name));
  svg += line(scale.at(row.low), y, scale.at(row.high), y, stroke + "\"2\"");
  for (const double value : row.values) {
    svg += line(scale.at(value), y - 7, scale.at(value), y + 7, stroke + "\"1\"");
  }
  return svg + fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\" fill=\"{}\"/>\n",
                           scale.at(row.mean), y, kMark);
}

}  // namespace

std::string study_chart(const json& all) {
  std::vector<Row> rows;
  std::string title;
  const json* study = io::find(all, "study");
  const std::string baseline = study ? study->value("baseline", "") : "";
  for (const json& arm : all.at("arms")) {
    const auto row = row_of(arm);
    if (!row) continue;
    title = arm.at("figures").at(arm.at("official").get<std::string>()).value("title", "");
    rows.push_back(*row);
  }
  if (rows.empty()) return "";
  const Scale scale(rows);
  const double bottom = kTop + kRow * double(rows.size()), height = bottom + 44;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"{2}\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
      kWidth, height, kInk);
  for (const double tick : scale.ticks()) {
    svg += line(scale.at(tick), kTop, scale.at(tick), bottom, fmt::format("stroke=\"{}\"", kGrid));
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{:g}</text>\n",
                       scale.at(tick), bottom + 16, tick);
  }
  for (const Row& row : rows) {
    if (row.name != baseline) continue;
    svg += line(scale.at(row.mean), kTop, scale.at(row.mean), bottom,
                fmt::format("stroke=\"{}\" stroke-dasharray=\"4 3\"", kInk));
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    svg += draw_row(rows[i], kTop + kRow * (double(i) + 0.5), scale);
  }
  svg += fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}, per cent; lines: "
      "95 % intervals</text>\n</svg>\n",
      (kLeft + kWidth - kRight) / 2, bottom + 36, xml_text(title));
  return svg;
}

}  // namespace relatum::jobs
