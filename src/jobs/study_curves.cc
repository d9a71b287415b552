// An axis' numbers stand at the end or the beginning of its values' names.
#include "jobs/study_curves.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/counted.h"
#include "io/json.h"
#include "jobs/study_results.h"

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

// A row of the chart, and what its curve follows from.
struct Arm {
  const ChartRow* row = nullptr;
  std::vector<std::string> axes;  // the values that the grid made it of; else its name's parts
  std::set<std::string> stages;   // of its cells
  bool copies = false;            // whether it stands for some, so that a value may change nothing
};

std::vector<std::string> name_parts(const std::string& name) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find(", ", begin), name.size());
    parts.push_back(name.substr(begin, end - begin));
    begin = end + 2;
  }
  return parts;
}

std::vector<Arm> arms_of(const json& all, std::span<const ChartRow> rows) {
  std::map<std::string, Arm> planned;
  std::map<std::string, std::string> arm_of_key;
  if (const json* plan = io::find(all, "plan")) {
    for (const json& each : *plan) {
      const std::string name = text_of(each, "arm");
      arm_of_key[text_of(each, "key")] = name;
      Arm& arm = planned[name];
      arm.copies = arm.copies || io::find(each, "copies");
      const json* axes = io::find(each, "axes");
      if (!axes || !arm.axes.empty()) continue;
      for (const json& axis : *axes) arm.axes.push_back(axis.get<std::string>());
    }
  }
  if (const json* cells = io::find(all, "cells")) {
    for (const json& cell : *cells) {
      const auto name = arm_of_key.find(text_of(cell, "key"));
      const json* settings = io::find(cell, "settings");
      if (name == arm_of_key.end() || !settings) continue;
      for (const auto& [stage, ignored] : settings->items()) {
        planned[name->second].stages.insert(stage);
      }
    }
  }
  std::vector<Arm> arms;
  for (const ChartRow& row : rows) {
    Arm& arm = arms.emplace_back(planned[row.name]);
    arm.row = &row;
    if (arm.axes.empty()) {
      arm.axes = name_parts(row.name);
      continue;
    }
    const std::string written = written_name(row.name, arm.axes);
    if (written.empty()) continue;
    const std::vector<std::string> parts = name_parts(written);
    arm.axes.insert(arm.axes.begin(), parts.begin(), parts.end());
  }
  return arms;
}

struct Point {
  double number = 0;
  const Arm* arm = nullptr;
};

struct Curve {
  std::string name;
  std::vector<Point> points;
};

struct Curves {
  std::string axis;
  std::vector<Curve> all;
  std::set<double> numbers;
  std::vector<const Arm*> levels;  // arms without a number, such as the base model
  size_t lines() const { return all.size() + levels.size(); }
};

// What an arm differs in besides a number.
std::string name_without(const std::vector<std::string>& axes, size_t left_out) {
  std::string rest;
  for (size_t i = 0; i < axes.size(); ++i) {
    if (i != left_out) rest += (rest.empty() ? "" : ", ") + axes[i];
  }
  return rest;
}

// False where the arm has no number of the axis.
bool add_point(const Arm& arm, Curves& curves) {
  const auto of_axis = [&](const std::string& each) {
    const auto number = number_in(each);
    return number && number->name == curves.axis;
  };
  const auto at = std::ranges::find_if(arm.axes, of_axis);
  if (at == arm.axes.end()) return false;
  const double value = number_in(*at)->value;
  curves.numbers.insert(value);
  const std::string name = name_without(arm.axes, size_t(at - arm.axes.begin()));
  auto curve = std::ranges::find(curves.all, name, &Curve::name);
  if (curve == curves.all.end()) curve = curves.all.insert(curve, {name, {}});
  curve->points.push_back({value, &arm});
  return true;
}

// Whether no number is the arm's own: any changed nothing in it, or it does without a stage that
// all points have.
bool is_level(const Arm& arm, const Curves& curves) {
  if (arm.copies) return true;
  std::set<std::string> stages = curves.all.at(0).points.at(0).arm->stages;
  for (const Curve& curve : curves.all) {
    for (const Point& point : curve.points) {
      std::erase_if(stages,
                    [&](const std::string& stage) { return !point.arm->stages.contains(stage); });
    }
  }
  return !arm.stages.empty() && !std::ranges::includes(arm.stages, stages);
}

// nullopt where the arms are no curves over the numbers of that name.
std::optional<Curves> curves_over(const std::string& axis, const std::vector<Arm>& arms) {
  Curves curves{axis, {}, {}, {}};
  for (const Arm& arm : arms) {
    if (!add_point(arm, curves)) curves.levels.push_back(&arm);
    if (curves.levels.size() > kMostLevels || curves.lines() > kColours.size()) return std::nullopt;
  }
  bool any_long = false;
  for (Curve& curve : curves.all) {
    std::ranges::sort(curve.points, {}, &Point::number);
    const auto twice = std::ranges::adjacent_find(curve.points, {}, &Point::number);
    if (twice != curve.points.end()) return std::nullopt;  // "rank 4" and "rank 4.0"
    any_long = any_long || curve.points.size() >= kFewest;
  }
  const auto level = [&](const Arm* arm) { return is_level(*arm, curves); };
  if (!any_long || !std::ranges::all_of(curves.levels, level)) return std::nullopt;
  return curves;
}

// Names of numbers that arms have, each once; as few as there may be levels stand apart from
// others.
std::set<std::string> number_names(const std::vector<Arm>& arms) {
  std::map<std::string, size_t> counts;
  for (const Arm& arm : arms) {
    for (const std::string& each : arm.axes) {
      if (const auto number = number_in(each)) ++counts[number->name];
    }
  }
  std::set<std::string> names;
  for (const auto& [name, count] : counts) {
    if (count + kMostLevels >= arms.size()) names.insert(name);
  }
  return names;
}

class Drawing {
 public:
  Drawing(const Curves& curves, std::span<const ChartRow> rows, std::string title)
      : curves_(curves), scale_({rows.begin(), rows.end()}), title_(std::move(title)),
        first_(*curves.numbers.begin()), last_(*curves.numbers.rbegin()),
        log_(first_ > 0 && last_ >= kApart * first_), legend_(curves.lines() > 1),
        top_(kTop + (legend_ ? kLegend * double(curves.lines()) : 0)) {}

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
    // Halves, as the whole may be more than a double holds.
    const double share = log_ ? (std::log(number) - std::log(first_)) /
                                    (std::log(last_) - std::log(first_))
                              : (number / 2 - first_ / 2) / (last_ / 2 - first_ / 2);
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
      path += fmt::format("{:.1f},{:.1f} ", at, y(point.arm->row->mean));
      svg += svg_line(at, y(point.arm->row->low), at, y(point.arm->row->high), thick);
      for (const double value : point.arm->row->values) {
        svg += svg_line(at - 4, y(value), at + 4, y(value), thin);
      }
      svg += mark(index, at, y(point.arm->row->mean));
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
    const ChartRow& row = *curves_.levels[index]->row;
    const size_t place = curves_.all.size() + index;
    const char* colour = kColours[place];
    const std::string thick = fmt::format("stroke=\"{}\" stroke-width=\"2\"", colour);
    const std::string dashed = thick + " stroke-dasharray=\"6 4\"";
    const double at = kLeft + kInside / 3 * double(index + 1), line = legend_line(place);
    return svg_line(kLeft, y(row.mean), kWidth - kRight, y(row.mean), dashed) +
           svg_line(at, y(row.low), at, y(row.high), thick) +
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
  const std::vector<Arm> arms = arms_of(all, rows);
  std::optional<Curves> only;
  for (const std::string& axis : number_names(arms)) {
    auto curves = curves_over(axis, arms);
    if (!curves) continue;
    if (only) return "";
    only = std::move(curves);
  }
  return only ? Drawing(*only, rows, chart_title(all)).draw() : "";
}

}  // namespace relatum::jobs
