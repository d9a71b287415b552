// The confusion matrix as a table whose cells are coloured by their share of the row.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/counted.h"
#include "page/html_text.h"
#include "page/sections.h"
#include "task/report.h"

namespace relatum::page {
namespace {

constexpr size_t kPictured = 40;  // labels
constexpr size_t kWorst = 25;     // pairs

/// Labels that occur, at most kPictured: those with the most mistakes on either side. In the
/// inventory's order. `all`: how many occur.
std::vector<int32_t> pictured(const task::Report& report, size_t& all) {
  const auto known = int32_t(report.per_label.size());
  std::vector<int64_t> mistakes(report.per_label.size());
  for (const auto& [cell, count] : report.counts) {
    if (cell.gold == cell.predicted) continue;
    for (const int32_t label : {cell.gold, cell.predicted}) {
      if (label >= 0 && label < known) mistakes[size_t(label)] += count;
    }
  }
  std::vector<int32_t> labels;
  for (int32_t i = 0; i < known; ++i) {
    const task::LabelReport& row = report.per_label[size_t(i)];
    if (row.support + row.predicted > 0) labels.push_back(i);
  }
  all = labels.size();
  if (all <= kPictured) return labels;
  std::stable_sort(labels.begin(), labels.end(),
                   [&](int32_t a, int32_t b) { return mistakes[size_t(a)] > mistakes[size_t(b)]; });
  labels.resize(kPictured);
  std::sort(labels.begin(), labels.end());
  return labels;
}

/// A count per place of a row and a column. Columns behind the labels': other labels, no answer.
struct Matrix {
  std::vector<int32_t> labels;
  std::vector<std::string> columns;  ///< names, plain text
  std::map<std::pair<size_t, size_t>, int64_t> counts;
};

Matrix matrix_of(const task::Report& report, size_t& all) {
  Matrix matrix{pictured(report, all), {}, {}};
  std::map<int32_t, size_t> place;
  for (const int32_t label : matrix.labels) {
    place.emplace(label, place.size());
    matrix.columns.push_back(report.per_label[size_t(label)].label);
  }
  const auto is_other = [&](int32_t label) { return label >= 0 && !place.contains(label); };
  bool has_other = false, has_none = false;
  for (const auto& [cell, count] : report.counts) {
    if (!place.contains(cell.gold)) continue;
    has_other = has_other || is_other(cell.predicted);
    has_none = has_none || cell.predicted == task::Confusion::kNone;
  }
  const size_t other = matrix.columns.size(), none = other + (has_other ? 1 : 0);
  if (has_other) matrix.columns.emplace_back("(another label)");
  if (has_none) matrix.columns.emplace_back("(no answer)");
  for (const auto& [cell, count] : report.counts) {
    const auto row = place.find(cell.gold);
    if (row == place.end()) continue;
    const size_t column = is_other(cell.predicted)                   ? other
                          : cell.predicted == task::Confusion::kNone ? none
                                                                     : place.at(cell.predicted);
    matrix.counts[{row->second, column}] += count;
  }
  return matrix;
}

/// Columns of labels have their row's number, the others a sign.
std::string column_sign(const Matrix& matrix, size_t column) {
  if (column < matrix.labels.size()) return std::to_string(column + 1);
  return matrix.columns[column] == "(no answer)" ? "∅" : "…";
}

std::string cell_html(const Matrix& matrix, const task::Report& report, size_t row, size_t column) {
  const auto at = matrix.counts.find({row, column});
  if (at == matrix.counts.end()) return "<td></td>";
  const task::LabelReport& gold = report.per_label[size_t(matrix.labels[row])];
  const double share = double(at->second) / double(std::max<int64_t>(1, gold.support));
  return fmt::format("<td class=\"{}{}\" style=\"--share:{:.3f}\">{}</td>",
                     row == column ? "hit" : "miss", share > 0.45 ? " on" : "",
                     std::min(1.0, share), at->second);
}

std::string matrix_table(const Matrix& matrix, const task::Report& report) {
  std::string head = "<tr><th scope=\"col\" class=\"words\">gold, down; answered, across</th>";
  for (size_t c = 0; c < matrix.columns.size(); ++c) {
    const std::string name = escape_start(matrix.columns[c], 120);
    head += fmt::format("<th scope=\"col\"><abbr title=\"{}\">{}</abbr></th>", name,
                        column_sign(matrix, c));
  }
  std::string body;
  for (size_t r = 0; r < matrix.labels.size(); ++r) {
    body += fmt::format("<tr><th scope=\"row\" title=\"{0}\">{1} <bdi>{0}</bdi></th>",
                        escape_start(matrix.columns[r], 120), r + 1);
    for (size_t c = 0; c < matrix.columns.size(); ++c) body += cell_html(matrix, report, r, c);
    body += "</tr>\n";
  }
  return table("How often which gold label was answered how", head + "</tr>", body, "matrix");
}

std::string worst_table(const task::Report& report) {
  std::string rows;
  const size_t shown = std::min(kWorst, report.worst.size());
  for (size_t i = 0; i < shown; ++i) {
    const task::ConfusedPair& pair = report.worst[i];
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"words\">{}</td>{}</tr>\n",
                        pair.gold.empty() ? "(none)" : name_html(pair.gold),
                        pair.predicted.empty() ? escape_html(task::no_answer_name(report))
                                               : name_html(pair.predicted),
                        number_cell(grouped(uint64_t(pair.count))));
  }
  return "<h3>Most confused</h3>\n" +
         shown_note("The most frequent", shown, report.worst.size(), "pairs") +
         table("", head_row({"gold", "<answered", "count"}), rows, "sortable");
}

}  // namespace

Section confusion_section(const task::Report& report) {
  size_t all = 0;
  const Matrix matrix = matrix_of(report, all);
  if (matrix.labels.empty()) return {"confusion", "Confusion matrix", ""};
  std::string body = note(
      "Columns have the numbers of the rows; ∅ is no answer, … any label without a row. The darker "
      "a cell, the larger its share of the row; the diagonal is right.");
  if (matrix.labels.size() < all) {
    body += shown_note("Those with the most mistakes,", matrix.labels.size(), all, "labels");
  }
  body += matrix_table(matrix, report);
  if (!report.worst.empty()) body += worst_table(report);
  return {"confusion", "Confusion matrix", body};
}

}  // namespace relatum::page
