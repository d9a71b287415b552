// Headline figures as tiles, then all figures as drawing and table.
#include <fmt/format.h>

#include "base/counted.h"
#include "page/html_text.h"
#include "page/sections.h"

namespace relatum::page {
namespace {

bool is_wide(const std::optional<task::Interval>& interval) {
  return interval && interval->low < interval->high;
}

std::string interval_text(const std::optional<task::Interval>& interval) {
  if (!is_wide(interval)) return "";
  return fmt::format("{:.0f} % interval {}", 100 * interval->level,
                     between(interval->low, interval->high));
}

std::string tiles(const task::Report& report) {
  const task::Scores official = report.official.scores.value_or(task::Scores{});
  std::string out = "<div class=\"tiles\">\n";
  out += tile(percent(official.f1), report.official.title, interval_text(report.interval), "first");
  out += tile(percent(report.accuracy), "accuracy", interval_text(report.accuracy_interval));
  if (report.gold_labels > report.examples) {
    out += tile(percent(report.exact_match), "all labels of a pair right, and no other");
  }
  if (report.calibration) {
    out += tile(percent(report.calibration->ece), "expected calibration error");
  }
  out += tile(grouped(uint64_t(report.examples)), report.examples == 1 ? "example" : "examples",
              report.gold_labels > report.examples
                  ? counted(report.gold_labels, "gold label")
                  : fmt::format("{} answered wrong", grouped(uint64_t(report.wrong_count))));
  if (report.unparsed > 0) out += tile(grouped(uint64_t(report.unparsed)), "unparsed");
  if (report.missing > 0) out += tile(grouped(uint64_t(report.missing)), "without a prediction");
  return out + "</div>\n";
}

std::string bootstrap_note(const task::Report& report) {
  if (!report.interval) return "";
  if (!is_wide(report.interval)) {
    return note(
        "No interval: every bootstrap sample gives this figure, so none can tell how far "
        "off it is.");
  }
  return note(fmt::format("Intervals: percentile bootstrap, {} samples of {}. Negative label: {}.",
                          grouped(uint64_t(report.interval->samples)),
                          counted(report.interval->units, "text"),
                          report.negative ? name_html(*report.negative) : "none"));
}

std::string interval_cell(const std::optional<task::Interval>& interval) {
  return number_cell(is_wide(interval) ? between(interval->low, interval->high) : "");
}

std::string metric_row(const task::NamedScores& metric, bool official) {
  return fmt::format("<tr><th scope=\"row\">{}{}<span class=\"soft\">{}</span></th>{}{}{}{}</tr>\n",
                     escape_html(metric.name),
                     official ? " <span class=\"badge\">official</span>" : "",
                     escape_html(metric.title), number_cell(percent(metric.scores->precision)),
                     number_cell(percent(metric.scores->recall)), bar_cell(metric.scores->f1),
                     interval_cell(metric.interval));
}

/// The official figure first. `names`: of those in the table, for the drawing.
std::string metric_table(const task::Report& report, std::string& names) {
  std::string rows, notes;
  for (const bool first : {true, false}) {
    for (const task::NamedScores& metric : report.metrics) {
      const bool official = metric.name == report.official.name;
      if (official != first || !metric.scores || !(metric.wanted || official)) continue;
      rows += metric_row(metric, official);
      names += (names.empty() ? "" : " ") + metric.name;
      if (!metric.note.empty()) notes += note(escape_html(metric.note));
    }
  }
  rows += fmt::format("<tr><th scope=\"row\">accuracy</th><td></td><td></td>{}{}</tr>\n",
                      bar_cell(report.accuracy), interval_cell(report.accuracy_interval));
  return table("All figures", head_row({"figure", "P", "R", "F1", "95 % interval"}), rows) + notes;
}

std::string mistakes(const task::Report& report) {
  const task::ErrorKinds& kinds = report.errors;
  if (kinds.total() == 0) return "";
  const bool several = report.gold_labels > report.examples;
  std::string rows;
  const auto add = [&](int64_t count, std::string_view what) {
    if (!count) return;
    rows += fmt::format("<tr><th scope=\"row\">{}</th>{}{}</tr>\n", what,
                        number_cell(grouped(uint64_t(count))),
                        bar_cell(double(count) / double(kinds.total())));
  };
  add(kinds.direction, "the right relation, the wrong way round");
  add(kinds.relation, "another relation");
  add(kinds.missed, "a relation missed: the negative label was answered");
  add(kinds.spurious, "a relation answered where there is none");
  add(kinds.unanswered,
      several ? "a gold label without an answer" : "without an answer: unparsed or missing");
  add(kinds.extra, "an answer more than the pair has labels");
  std::string out = "<h3>Kinds of mistakes</h3>\n" +
                    table(fmt::format("{} in all", counted(kinds.total(), "mistake")),
                          head_row({"kind", "count", "share"}), rows);
  if (report.undirected) {
    out += note(fmt::format("Directions left out: accuracy {}, micro-F1 {}, macro-F1 {}.",
                            percent(report.undirected->accuracy),
                            percent(report.undirected->micro_all.f1),
                            percent(report.undirected->macro.f1)));
  }
  return out;
}

}  // namespace

Section figures_section(const task::Report& report) {
  std::string names;
  const std::string metrics = metric_table(report, names);
  // A drawing of intervals needs some.
  const bool drawn = is_wide(report.interval);
  return {"figures", "Figures",
          tiles(report) + bootstrap_note(report) +
              (drawn ? chart("figures", "F1 of each figure, with its 95 % interval", metrics, names)
                     : metrics) +
              mistakes(report)};
}

}  // namespace relatum::page
