// Values of axes as the plan names them.
#include "jobs/study_matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/printable.h"
#include "io/json.h"
#include "jobs/markdown_text.h"
#include "jobs/study_results.h"
#include "jobs/study_svg.h"
#include "jobs/study_text.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;

constexpr size_t kFewest = 3, kMostOthers = 2;

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

// The two values that the grid made an arm of; nullptr where there are more or fewer.
const json* two_axes(const json& all, const std::string& arm) {
  const json* plan = io::find(all, "plan");
  if (!plan) return nullptr;
  for (const json& planned : *plan) {
    if (planned.at("arm") != arm) continue;
    const json* axes = io::find(planned, "axes");
    return axes && axes->is_array() && axes->size() == 2 ? axes : nullptr;
  }
  return nullptr;
}

struct Matrix {
  std::string title, written;  // the figure, and what the file calls the arm in the grid
  std::vector<std::string> down, across;
  std::map<std::pair<std::string, std::string>, double> means;  // in per cent
  std::vector<std::pair<std::string, double>> others;           // arms outside of the grid
};

std::optional<Matrix> matrix_of(const json& all, std::span<const json* const> arms) {
  Matrix matrix;
  for (const json* arm : arms) {
    const std::string name = arm->at("arm").get<std::string>();
    const json* axes = two_axes(all, name);
    const json* figure = official_figure(*arm);
    if (!figure) return std::nullopt;
    const double mean = 100 * figure->at("mean").get<double>();
    if (!axes) {
      matrix.others.emplace_back(name, mean);
      continue;
    }
    const std::string written = written_name(name, axes->get<std::vector<std::string>>());
    if (!matrix.means.empty() && written != matrix.written) return std::nullopt;  // two arms
    matrix.written = written;
    matrix.title = figure->at("title").get<std::string>();
    const std::string first = axes->at(0).get<std::string>();
    const std::string second = axes->at(1).get<std::string>();
    add_once(matrix.down, first);
    add_once(matrix.across, second);
    matrix.means[{first, second}] = mean;
  }
  const bool whole = matrix.means.size() == matrix.down.size() * matrix.across.size();
  if (!whole || matrix.down.size() < kFewest || matrix.across.size() < kFewest) return std::nullopt;
  return matrix;
}

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_joint(char c) { return c == '-' || c == '_' || c == '/' || c == '.'; }

// Whether names may be cut behind such a beginning: "lr ", "crossre-", but not "lr 0.".
bool ends_whole(std::string_view text) {
  if (text.empty() || text.ends_with(' ') || text.ends_with('=')) return true;
  return text.size() > 1 && is_joint(text.back()) && is_letter(text[text.size() - 2]);
}

// Whether they may before such an end: "-train.json", but not ".5".
bool begins_whole(std::string_view text) {
  if (text.empty() || text.starts_with(' ')) return true;
  return text.size() > 1 && is_joint(text[0]) && is_letter(text[1]);
}

// What names have in common at their begin and end, cut between words, and what is left of each.
struct AxisNames {
  std::string before, behind;
  std::vector<std::string> own;
  std::string title() const { return before + "…" + behind; }
};

AxisNames axis_names(const std::vector<std::string>& names) {
  size_t begin = names[0].size(), end = names[0].size();
  for (const std::string& name : names) {
    const auto differ = std::ranges::mismatch(names[0], name);
    begin = std::min(begin, size_t(differ.in1 - names[0].begin()));
  }
  const std::string_view first = names[0];
  while (!ends_whole(first.substr(0, begin))) --begin;
  for (const std::string& name : names) {
    size_t same = 0;
    while (same < std::min(names[0].size(), name.size()) - begin &&
           names[0][names[0].size() - 1 - same] == name[name.size() - 1 - same]) {
      ++same;
    }
    end = std::min(end, same);
  }
  while (!begins_whole(first.substr(first.size() - end))) --end;
  AxisNames axis{names[0].substr(0, begin), names[0].substr(names[0].size() - end), {}};
  for (const std::string& name : names) {
    axis.own.push_back(name.substr(begin, name.size() - begin - end));
  }
  return axis;
}

class HeatMap {
 public:
  explicit HeatMap(const Matrix& matrix)
      : matrix_(matrix), down_(axis_names(matrix.down)), across_(axis_names(matrix.across)),
        column_((kWidth - kLeft - kRight) / double(matrix.across.size())) {
    const auto mean = [](const auto& each) { return each.second; };
    const auto [low, high] = std::ranges::minmax_element(matrix.means, {}, mean);
    low_ = low->second;
    high_ = std::max(high->second, low_ + 1);
  }

  std::string draw() const {
    const double bottom = kTop + kRow * double(matrix_.down.size());
    std::string svg = svg_head(kWidth, bottom + 16 + kLine * double(matrix_.others.size()));
    svg += svg_label(
        8, 18, "start",
        (matrix_.written.empty() ? "" : matrix_.written + ": ") + matrix_.title + ", per cent");
    svg += svg_label(8, kTop - 6, "start", "down: " + down_.title());
    svg += svg_label(kWidth - kRight, 18, "end", "across: " + across_.title());
    for (size_t c = 0; c < matrix_.across.size(); ++c) {
      svg += svg_label(middle(c), kTop - 6, "middle", shown(across_.own[c], column_));
    }
    for (size_t r = 0; r < matrix_.down.size(); ++r) {
      const double y = kTop + kRow * double(r);
      svg += svg_label(kLeft - 8, y + kRow / 2 + 4, "end", shown(down_.own[r], kLeft));
      for (size_t c = 0; c < matrix_.across.size(); ++c) {
        svg += field(c, y, matrix_.means.at({matrix_.down[r], matrix_.across[c]}));
      }
    }
    for (size_t i = 0; i < matrix_.others.size(); ++i) {
      const auto& [name, value] = matrix_.others[i];
      svg += svg_label(kLeft, bottom + kLine * double(i + 1), "start",
                       fmt::format("{}: {:.1f}", name, value));
    }
    return svg + "</svg>\n";
  }

 private:
  double middle(size_t column) const { return kLeft + column_ * (double(column) + 0.5); }
  static std::string shown(const std::string& name, double width) {
    return printable_ends(name, size_t(std::max(1.0, width / kLetter - 1)));
  }

  // From white to blue; what stands on dark fields is white.
  std::string field(size_t column, double y, double mean) const {
    const double share = (mean - low_) / (high_ - low_);
    const auto mixed = [share](int from, int to) {
      return std::lround(from + share * (to - from));
    };
    return fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
        "fill=\"#{:02x}{:02x}{:02x}\"/>\n<text x=\"{:.1f}\" y=\"{:.1f}\" "
        "text-anchor=\"middle\" fill=\"{}\">{:.1f}</text>\n",
        middle(column) - column_ / 2 + 1, y + 1, column_ - 2, kRow - 2, mixed(244, 31),
        mixed(248, 95), mixed(251, 139), middle(column), y + kRow / 2 + 4,
        share > 0.55 ? "#ffffff" : kChartInk, mean);
  }

  static constexpr double kLeft = 190, kWidth = 864, kRight = 8, kTop = 54, kRow = 34, kLine = 20;
  static constexpr double kLetter = 7;  // about as wide as a letter is
  const Matrix& matrix_;
  const AxisNames down_, across_;
  const double column_;
  double low_ = 0, high_ = 1;
};

}  // namespace

std::string study_matrix_text(const json& all, std::span<const json* const> arms) {
  const std::optional<Matrix> matrix = matrix_of(all, arms);
  if (!matrix) return "";
  const std::string& written = matrix->written;
  std::string head = written.empty() ? "| |" : "| " + markdown_text(written) + " |",
              rule = "| --- |", lines;
  for (const std::string& name : matrix->across) {
    head += " " + markdown_text(name) + " |";
    rule += " ---: |";
  }
  for (const std::string& name : matrix->down) {
    lines += "| " + markdown_text(name) + " |";
    for (const std::string& other : matrix->across) {
      lines += fmt::format(" {:.1f} |", matrix->means.at({name, other}));
    }
    lines += "\n";
  }
  return fmt::format("## Side by side\n\n{}\n{}\n{}\n{}", head, rule, lines,
                     wrapped(fmt::format("{}, means over cells; intervals stand in the list above.",
                                         markdown_text(matrix->title))));
}

std::string study_matrix_chart(const json& all) {
  std::vector<const json*> arms;
  for (const json& arm : all.at("arms")) {
    if (official_figure(arm)) arms.push_back(&arm);
  }
  const std::optional<Matrix> matrix = matrix_of(all, arms);
  return matrix && matrix->others.size() <= kMostOthers ? HeatMap(*matrix).draw() : "";
}

}  // namespace relatum::jobs
