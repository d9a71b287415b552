// An axis' numbers are those at the end of its values' names.
#include "jobs/study_curves.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/counted.h"
#include "io/json.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;

constexpr double kLeft = 56, kWidth = 864, kRight = 30, kPlot = 320, kTop = 24, kLegend = 20;
constexpr double kApart = 8;  // numbers whose greatest is so many times the least are far apart
constexpr double kAside = 8;  // between points of one number, so that intervals do not hide others
constexpr size_t kFewest = 3;
constexpr std::array kColours = {"#2a6f97", "#c8553d", "#4a7c59", "#6d597a", "#b8860b", "#5c677d"};

struct Number {
  std::string name;  // what stands in front of it
  double value = 0;
};

// "train sample=50" is 50 of "train sample".
std::optional<Number> number_in(const std::string& text) {
  const size_t cut = text.find_last_of(" =");
  if (cut == text.npos || cut == 0) return std::nullopt;
  Number number{text.substr(0, cut), 0};
  const char *begin = text.data() + cut + 1, *end = text.data() + text.size();
  const auto read = std::from_chars(begin, end, number.value);
  const bool whole = read.ec == std::errc() && read.ptr == end && std::isfinite(number.value);
  return whole ? std::optional(number) : std::nullopt;
}

std::string number_text(double number) {
  const bool whole = number >= 0 && number < 1e15 && number == std::floor(number);
  return whole ? grouped(uint64_t(number)) : fmt::format("{:g}", number);
}

// The values that the grid made the arm of; an arm of its own has its name.
std::vector<std::string> axes_of(const json& all, const std::string& arm) {
  const json* plan = io::find(all, "plan");
  if (!plan) return {arm};
  for (const json& planned : *plan) {
    const json* given = planned.at("arm") == arm ? io::find(planned, "axes") : nullptr;
    if (!given) continue;
    std::vector<std::string> axes;
    for (const json& each : *given) axes.push_back(each.get<std::string>());
    return axes;
  }
  return {arm};
}

struct Point {
  double number = 0;
  const ChartRow* row = nullptr;
};

struct Curve {
  std::string name;
  std::vector<Point> points;
};

struct Curves {
  std::string axis;
  std::vector<Curve> all;
  std::set<double> numbers;
};

// The arm's name without the axis' value: what else it differs in.
std::string name_without(const std::string& arm, const std::string& value) {
  const size_t at = arm.find(value);
  if (at == arm.npos) return arm;
  std::string rest = arm.substr(0, at) + arm.substr(at + value.size());
  if (rest.starts_with(", ")) rest.erase(0, 2);
  if (rest.ends_with(", ")) rest.erase(rest.size() - 2);
  if (const size_t both = rest.find(", , "); both != rest.npos) rest.erase(both, 2);
  return rest;
}

std::optional<Curves> curves_over(size_t axis, const json& all, std::span<const ChartRow> rows) {
  Curves curves;
  for (const ChartRow& row : rows) {
    const std::vector<std::string> axes = axes_of(all, row.name);
    const auto number = axis < axes.size() ? number_in(axes[axis]) : std::nullopt;
    if (!number || (!curves.axis.empty() && number->name != curves.axis)) return std::nullopt;
    curves.axis = number->name;
    curves.numbers.insert(number->value);
    const std::string name = name_without(row.name, axes[axis]);
    auto curve = std::ranges::find(curves.all, name, &Curve::name);
    if (curve == curves.all.end()) curve = curves.all.insert(curve, {name, {}});
    curve->points.push_back({number->value, &row});
  }
  for (Curve& curve : curves.all) std::ranges::sort(curve.points, {}, &Point::number);
  if (curves.numbers.size() < kFewest || curves.all.size() > kColours.size()) return std::nullopt;
  return curves;
}

class Drawing {
 public:
  Drawing(const Curves& curves, std::span<const ChartRow> rows, std::string title)
      : curves_(curves), scale_({rows.begin(), rows.end()}), title_(std::move(title)),
        first_(*curves.numbers.begin()), last_(*curves.numbers.rbegin()),
        log_(first_ > 0 && last_ >= kApart * first_),
        top_(kTop + (curves.all.size() > 1 ? kLegend * double(curves.all.size()) : 0)) {}

  std::string draw() const {
    const double bottom = top_ + kPlot;
    std::string svg = svg_head(kWidth, bottom + 44);
    for (const double tick : scale_.ticks()) {
      svg += svg_line(kLeft, y(tick), kWidth - kRight, y(tick),
                      fmt::format("stroke=\"{}\"", kChartGrid));
      svg += svg_label(kLeft - 8, y(tick) + 4, "end", fmt::format("{:g}", tick));
    }
    double labelled = -std::numeric_limits<double>::infinity();
    for (const double number : curves_.numbers) {
      svg += svg_line(x(number), bottom, x(number), bottom + 5,
                      fmt::format("stroke=\"{}\"", kChartInk));
      const std::string text = number_text(number);
      const double half = 4 * double(text.size());
      if (x(number) - half < labelled) continue;  // its label would lie upon the last one
      labelled = x(number) + half;
      svg += svg_label(x(number), bottom + 18, "middle", text);
    }
    for (size_t i = 0; i < curves_.all.size(); ++i) svg += curve(i);
    return svg +
           svg_label((kLeft + kWidth - kRight) / 2, bottom + 36, "middle",
                     curves_.axis + (log_ ? " (logarithmic)" : "")) +
           fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\">{}{}</text>\n", kLeft, kTop - 8,
                       svg_text(title_), ", per cent; bars: 95 % intervals, strokes: cells") +
           "</svg>\n";
  }

 private:
  double x(double number) const {
    const double share = log_ ? std::log(number / first_) / std::log(last_ / first_)
                              : (number - first_) / (last_ - first_);
    return kLeft + kInside + share * (kWidth - kLeft - kRight - 2 * kInside);
  }
  double y(double value) const { return top_ + kPlot * (1 - scale_.share(value)); }

  std::string curve(size_t index) const {
    const Curve& curve = curves_.all[index];
    const char* colour = kColours[index];
    const double aside = kAside * (double(index) - 0.5 * double(curves_.all.size() - 1));
    const std::string thick = fmt::format("stroke=\"{}\" stroke-width=\"2\"", colour);
    const std::string thin = fmt::format("stroke=\"{}\" stroke-width=\"1\"", colour);
    std::string svg, path;
    for (const Point& point : curve.points) {
      const double at = x(point.number) + aside;
      path += fmt::format("{:.1f},{:.1f} ", at, y(point.row->mean));
      svg += svg_line(at, y(point.row->low), at, y(point.row->high), thick);
      for (const double value : point.row->values) {
        svg += svg_line(at - 4, y(value), at + 4, y(value), thin);
      }
      svg += mark(index, at, y(point.row->mean));
    }
    path.pop_back();
    svg = fmt::format("<polyline points=\"{}\" fill=\"none\" {}/>\n", path, thin) + svg;
    if (curves_.all.size() == 1) return svg;
    const double line = kTop + kLegend * (double(index) + 0.7);
    return svg + mark(index, kLeft + 8, line - 4) +
           svg_label(kLeft + 20, line, "start", curve.name);
  }

  // Another form for each curve, for those who cannot tell the colours apart.
  static std::string mark(size_t index, double x, double y) {
    const char* colour = kColours[index];
    if (index % 3 == 0) {
      return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\" fill=\"{}\"/>\n", x, y,
                         colour);
    }
    const double size = index % 3 == 1 ? 4.5 : 6;
    const std::string points =
        index % 3 == 1
            ? fmt::format("{0:.1f},{2:.1f} {1:.1f},{2:.1f} {1:.1f},{3:.1f} {0:.1f},{3:.1f}",
                          x - size, x + size, y - size, y + size)
            : fmt::format("{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}", x, y - size, x + size,
                          y + size, x - size, y + size);
    return fmt::format("<polygon points=\"{}\" fill=\"{}\"/>\n", points, colour);
  }

  static constexpr double kInside = 24;  // between the frame and the first and last number
  const Curves& curves_;
  const ChartScale scale_;
  const std::string title_;
  const double first_, last_;
  const bool log_;
  const double top_;
};

}  // namespace

std::string study_curves(const json& all, std::span<const ChartRow> rows) {
  if (rows.empty()) return "";
  std::optional<Curves> only;
  for (size_t axis = 0; axis < axes_of(all, rows[0].name).size(); ++axis) {
    auto curves = curves_over(axis, all, rows);
    if (!curves) continue;
    if (only) return "";
    only = std::move(curves);
  }
  return only ? Drawing(*only, rows, chart_title(all)).draw() : "";
}

}  // namespace relatum::jobs
