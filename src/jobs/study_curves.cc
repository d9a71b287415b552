// An axis' numbers stand at the end or the begin of its values' names.
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
constexpr size_t kFewest = 3, kMostLevels = 2;
constexpr std::array kColours = {"#2a6f97", "#c8553d", "#4a7c59", "#6d597a", "#b8860b", "#5c677d"};

struct Number {
  std::string name;  // what stands in front of it
  double value = 0;
};

// 50, and "2,000" with its thousands apart.
std::optional<double> number_of(std::string text) {
  constexpr size_t kGroup = 3;
  const size_t first = text.find(',');
  if (first != text.npos && (first == 0 || first > kGroup)) return std::nullopt;
  for (size_t comma = first; comma != text.npos; comma = text.find(',', comma)) {
    const size_t next = std::min(text.find(',', comma + 1), text.size());
    if (next - comma != kGroup + 1) return std::nullopt;
    text.erase(comma, 1);
  }
  double value = 0;
  const char *begin = text.data(), *end = begin + text.size();
  const auto read = std::from_chars(begin, end, value);
  const bool whole = read.ec == std::errc() && read.ptr == end && std::isfinite(value);
  return whole ? std::optional(value) : std::nullopt;
}

// "train sample=50" is 50 of "train sample"; "4 epochs" and "1 epoch" are of "epochs".
std::optional<Number> number_in(const std::string& text) {
  const size_t last = text.find_last_of(" ="), first = text.find(' ');
  if (last == text.npos) return std::nullopt;
  if (const auto value = number_of(text.substr(last + 1)); value && last > 0) {
    return Number{text.substr(0, last), *value};
  }
  const auto value = first == text.npos ? std::nullopt : number_of(text.substr(0, first));
  if (!value) return std::nullopt;
  const bool singular = *value == 1 && !text.ends_with('s');
  return Number{text.substr(first + 1) + (singular ? "s" : ""), *value};
}

std::string number_text(double number) {
  const bool whole = number >= 0 && number < 1e15 && number == std::floor(number);
  return whole ? grouped(uint64_t(number)) : fmt::format("{:g}", number);
}

// The values that the grid made the arm of; else the parts of its name.
std::vector<std::string> axes_of(const json& all, const std::string& arm) {
  std::vector<std::string> axes;
  if (const json* plan = io::find(all, "plan")) {
    for (const json& planned : *plan) {
      const json* given = planned.at("arm") == arm ? io::find(planned, "axes") : nullptr;
      if (!given || given->empty()) continue;
      for (const json& each : *given) axes.push_back(each.get<std::string>());
      return axes;
    }
  }
  for (size_t begin = 0; begin <= arm.size();) {
    const size_t end = std::min(arm.find(", ", begin), arm.size());
    axes.push_back(arm.substr(begin, end - begin));
    begin = end + 2;
  }
  return axes;
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
  std::vector<const ChartRow*> levels;  // arms without a number, such as the base model
};

// What an arm differs in besides a number.
std::string name_without(const std::vector<std::string>& axes, size_t left_out) {
  std::string rest;
  for (size_t i = 0; i < axes.size(); ++i) {
    if (i != left_out) rest += (rest.empty() ? "" : ", ") + axes[i];
  }
  return rest;
}

// nullopt where the arms are no curves over the numbers of that name.
std::optional<Curves> curves_over(const std::string& axis, const json& all,
                                  std::span<const ChartRow> rows) {
  Curves curves{axis, {}, {}, {}};
  for (const ChartRow& row : rows) {
    const std::vector<std::string> axes = axes_of(all, row.name);
    const auto of_axis = [&](const std::string& each) {
      const auto number = number_in(each);
      return number && number->name == axis;
    };
    const auto at = std::ranges::find_if(axes, of_axis);
    if (at == axes.end()) {
      curves.levels.push_back(&row);
      continue;
    }
    const double value = number_in(*at)->value;
    curves.numbers.insert(value);
    const std::string name = name_without(axes, size_t(at - axes.begin()));
    auto curve = std::ranges::find(curves.all, name, &Curve::name);
    if (curve == curves.all.end()) curve = curves.all.insert(curve, {name, {}});
    if (std::ranges::find(curve->points, value, &Point::number) != curve->points.end()) {
      return std::nullopt;  // "rank 4" and "rank 4.0"
    }
    curve->points.push_back({value, &row});
  }
  const auto is_long = [](const Curve& curve) { return curve.points.size() >= kFewest; };
  if (std::ranges::none_of(curves.all, is_long) || curves.levels.size() > kMostLevels ||
      curves.all.size() + curves.levels.size() > kColours.size()) {
    return std::nullopt;
  }
  for (Curve& curve : curves.all) std::ranges::sort(curve.points, {}, &Point::number);
  return curves;
}

// Names of numbers that arms have, each once.
std::vector<std::string> number_names(const json& all, std::span<const ChartRow> rows) {
  std::vector<std::string> names;
  for (const ChartRow& row : rows) {
    for (const std::string& each : axes_of(all, row.name)) {
      const auto number = number_in(each);
      if (number && std::ranges::find(names, number->name) == names.end()) {
        names.push_back(number->name);
      }
    }
  }
  return names;
}

class Drawing {
 public:
  Drawing(const Curves& curves, std::span<const ChartRow> rows, std::string title)
      : curves_(curves), scale_({rows.begin(), rows.end()}), title_(std::move(title)),
        first_(*curves.numbers.begin()), last_(*curves.numbers.rbegin()),
        log_(first_ > 0 && last_ >= kApart * first_),
        legend_(curves.all.size() + curves.levels.size() > 1),
        top_(kTop + (legend_ ? kLegend * double(curves.all.size() + curves.levels.size()) : 0)) {}

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
    for (size_t i = 0; i < curves_.levels.size(); ++i) svg += level(i);
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
    if (!legend_) return svg;
    const double line = legend_line(index);
    return svg + mark(index, kLeft + 8, line - 4) +
           svg_label(kLeft + 24, line, "start", curve.name.empty() ? curves_.axis : curve.name);
  }

  // From side to side, as it is the same whatever the number.
  std::string level(size_t index) const {
    const ChartRow& row = *curves_.levels[index];
    const size_t place = curves_.all.size() + index;
    const char* colour = kColours[place];
    const std::string dashed = fmt::format("stroke=\"{}\" stroke-dasharray=\"6 4\"", colour);
    const double at = kLeft + kInside / 3 * double(index + 1), line = legend_line(place);
    return svg_line(kLeft, y(row.mean), kWidth - kRight, y(row.mean), dashed) +
           svg_line(at, y(row.low), at, y(row.high),
                    fmt::format("stroke=\"{}\" stroke-width=\"2\"", colour)) +
           svg_line(kLeft, line - 4, kLeft + 18, line - 4, dashed) +
           svg_label(kLeft + 24, line, "start", row.name);
  }

  double legend_line(size_t place) const { return kTop + kLegend * (double(place) + 0.7); }

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
  const bool log_, legend_;
  const double top_;
};

}  // namespace

std::string study_curves(const json& all, std::span<const ChartRow> rows) {
  std::optional<Curves> only;
  for (const std::string& axis : number_names(all, rows)) {
    auto curves = curves_over(axis, all, rows);
    if (!curves) continue;
    if (only) return "";
    only = std::move(curves);
  }
  return only ? Drawing(*only, rows, chart_title(all)).draw() : "";
}

}  // namespace relatum::jobs
