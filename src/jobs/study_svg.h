// What a study's charts have in common: arms' figures in per cent, a scale, and SVG's elements.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace relatum::jobs {

inline constexpr const char* kChartInk = "#24292f";
inline constexpr const char* kChartGrid = "#d8dee4";

/// An arm's official figure, in per cent.
struct ChartRow {
  std::string name;
  double mean = 0, low = 0, high = 0;  ///< low and high: the interval, else the mean
  std::vector<double> values;          ///< of its cells
};

/// The arms of a results file that have figures, in its order.
std::vector<ChartRow> chart_rows(const nlohmann::json& all);
/// The figure's name; empty where there is none.
std::string chart_title(const nlohmann::json& all);

/// What the study's file calls an arm, in front of the values that its grid gave it; empty where
/// the grid alone made it.
std::string written_name(const std::string& arm, const std::vector<std::string>& axes);

/// Per cent along a side of a chart, in steps that are easy to read, from the lowest of all rows'
/// values and intervals to the highest.
class ChartScale {
 public:
  explicit ChartScale(const std::vector<ChartRow>& rows);
  /// Where a value lies, from 0 to 1.
  double share(double value) const { return (value - low_) / (high_ - low_); }
  std::vector<double> ticks() const;

 private:
  double low_ = 0, high_ = 100, step_ = 10;
};

/// Text without markup, cut in the middle where it is long: names often differ at their end.
std::string svg_text(const std::string& text);
std::string svg_line(double x1, double y1, double x2, double y2, const std::string& style);
/// `anchor`: start, middle or end.
std::string svg_label(double x, double y, const char* anchor, const std::string& text);
/// The beginning of a picture with a white ground.
std::string svg_head(double width, double height);

}  // namespace relatum::jobs
