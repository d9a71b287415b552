// A table with a line for each label.
#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "page/html_text.h"
#include "page/sections.h"

namespace relatum::page {
namespace {

constexpr size_t kLabels = 300;
constexpr size_t kOutside = 20;

std::vector<const task::LabelReport*> shown_labels(const task::Report& report, size_t& all) {
  std::vector<const task::LabelReport*> rows;
  for (const task::LabelReport& row : report.per_label) {
    if (row.support + row.predicted > 0) rows.push_back(&row);
  }
  all = rows.size();
  if (rows.size() <= kLabels) return rows;
  std::stable_sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) {
    return a->support + a->predicted > b->support + b->predicted;
  });
  rows.resize(kLabels);
  std::sort(rows.begin(), rows.end());  // the inventory's order again
  return rows;
}

/// Answers that are no label of gold or inventory.
std::string outside(const task::Report& report) {
  if (report.outside.empty()) return "";
  std::string rows;
  const size_t shown = std::min(kOutside, report.outside.size());
  for (size_t i = 0; i < shown; ++i) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th>{}</tr>\n",
                        name_html(report.outside[i].label),
                        number_cell(grouped(uint64_t(report.outside[i].count))));
  }
  return "<h3>Answers that are none of the labels</h3>\n" +
         shown_note("The most frequent", shown, report.outside.size(), "of them") +
         table("", head_row({"answer", "count"}), rows);
}

}  // namespace

Section labels_section(const task::Report& report) {
  std::string rows;
  size_t all = 0;
  const auto shown = shown_labels(report, all);
  for (const task::LabelReport* row : shown) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th>{}{}{}{}{}</tr>\n", name_html(row->label),
                        number_cell(percent(row->scores.precision)),
                        number_cell(percent(row->scores.recall)), bar_cell(row->scores.f1),
                        number_cell(grouped(uint64_t(row->support))),
                        number_cell(grouped(uint64_t(row->predicted))));
  }
  const bool absent = all < report.per_label.size();
  return {"labels", "Labels",
          shown_note("The most frequent", shown.size(), all, "labels") +
              table(absent ? "Labels that occur in gold or answers" : "All labels",
                    head_row({"label", "P", "R", "F1", "gold", "answered"}), rows, "sortable") +
              outside(report)};
}

std::string shown_note(std::string_view which, size_t shown, size_t all, std::string_view what) {
  if (shown >= all) return "";
  return note(fmt::format("{} {} of {} {} are shown.", which, grouped(shown), grouped(all), what));
}

std::string names_html(const std::vector<std::string>& names, std::string_view kind) {
  constexpr size_t kMost = 10;
  std::string html;
  for (size_t i = 0; i < std::min(kMost, names.size()); ++i) {
    html += fmt::format("{}<span class=\"{}\">{}</span>", i ? ", " : "", kind, name_html(names[i]));
  }
  if (names.size() > kMost) html += fmt::format(" and {} more", names.size() - kMost);
  return html;
}

}  // namespace relatum::page
