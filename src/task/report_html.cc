// The report as one self-contained page.
#include <fmt/format.h>

#include <algorithm>

#include "task/report.h"
#include "task/report_charts.h"

namespace relatum::task {
namespace {

constexpr size_t kWorst = 25;  // confusions listed

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5d6675; --paper: #f6f7f9;
  --card: #ffffff; --line: #dfe3e8; --hit: #1f7a8c; --miss: #c8553d; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa4b2; --paper: #14181e;
  --card: #1c222a; --line: #303844; --hit: #4fb3c7; --miss: #e58a6f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.2rem 4rem; max-width: 1080px; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0 0 .8rem; }
p { color: var(--soft); margin: .2rem 0 1.4rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 1.2rem; margin: 1.2rem 0; overflow-x: auto; }
.tiles { display: flex; flex-wrap: wrap; gap: .9rem; }
.tile { flex: 1 1 150px; background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; padding: .9rem 1.1rem; }
.tile b { display: block; font-size: 1.7rem; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: .85rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; }
th:first-child, td:first-child, .left { text-align: left; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .name { text-anchor: end; } svg .tick { text-anchor: middle; }
svg .value { font-variant-numeric: tabular-nums; }
svg .track, svg .empty { fill: var(--line); fill-opacity: .45; }
svg .bar, svg .hit { fill: var(--hit); } svg .miss { fill: var(--miss); }
svg .grid { stroke: var(--line); } svg .dot { fill: var(--ink); }
svg .ideal { stroke: var(--soft); stroke-dasharray: 5 4; }
)";

std::string tile(std::string_view value, std::string_view name) {
  return fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>\n", escape_html(value),
                     escape_html(name));
}

std::string section(std::string_view title, std::string_view body) {
  return fmt::format("<section><h2>{}</h2>\n{}</section>\n", title, body);
}

std::string figure_cells(const Scores& scores) {
  return fmt::format("<td>{:.2f}</td><td>{:.2f}</td><td>{:.2f}</td>", 100 * scores.precision,
                     100 * scores.recall, 100 * scores.f1);
}

std::string tiles(const Report& report) {
  const Scores official = report.official.scores.value_or(Scores{});
  std::string out = "<div class=\"tiles\">\n";
  out += tile(fmt::format("{:.2f}", 100 * official.f1), report.official.title);
  if (report.interval)
    out += tile(fmt::format("{:.1f} – {:.1f}", 100 * report.interval->low,
                            100 * report.interval->high),
                fmt::format("{:.0f} % interval, {} samples", 100 * report.interval->level,
                            report.interval->samples));
  out += tile(fmt::format("{:.2f}", 100 * report.accuracy), "accuracy");
  out += tile(fmt::format("{}", report.examples), "examples");
  out += tile(fmt::format("{}", report.unparsed), "unparsed or missing");
  return out + "</div>\n";
}

std::string metric_table(const Report& report) {
  std::string out = "<table><tr><th>metric</th><th class=\"left\">meaning</th><th>P</th><th>R</th>"
                    "<th>F1</th></tr>\n";
  for (const NamedScores& metric : report.metrics)
    out += fmt::format("<tr><td>{}</td><td class=\"left\">{}</td>{}</tr>\n",
                       escape_html(metric.name), escape_html(metric.title),
                       metric.scores ? figure_cells(*metric.scores)
                                     : "<td>–</td><td>–</td><td>–</td>");
  return out + "</table>\n";
}

std::string label_table(const Report& report) {
  std::string out = "<table><tr><th>label</th><th>P</th><th>R</th><th>F1</th><th>support</th>"
                    "<th>answered</th></tr>\n";
  for (const LabelReport& row : report.per_label)
    out += fmt::format("<tr><td>{}</td>{}<td>{}</td><td>{}</td></tr>\n", escape_html(row.label),
                       figure_cells(row.scores), row.support, row.predicted);
  return out + "</table>\n";
}

std::string worst_table(const Report& report) {
  std::string out =
      "<table><tr><th>gold</th><th class=\"left\">answered</th><th>count</th></tr>\n";
  for (size_t i = 0; i < std::min(kWorst, report.worst.size()); ++i) {
    const ConfusedPair& pair = report.worst[i];
    out += fmt::format("<tr><td>{}</td><td class=\"left\">{}</td><td>{}</td></tr>\n",
                       escape_html(pair.gold),
                       pair.predicted.empty() ? "(unparsed)" : escape_html(pair.predicted),
                       pair.count);
  }
  return out + "</table>\n";
}

}  // namespace

std::string to_html(const Report& report) {
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Relatum: {0}</title>\n<style>{1}</style></head><body>\n"
      "<h1>{0}</h1>\n<p>All figures in percent. Negative label: {2}.</p>\n",
      escape_html(report.data), kStyle,
      report.negative ? escape_html(*report.negative) : "none");
  out += tiles(report);
  out += section("Figures", metric_table(report));
  out += section("F1 of each label", label_bars(report));
  out += section("Confusion matrix: gold in rows, answers in columns", confusion_map(report));
  if (!report.worst.empty()) out += section("Most confused", worst_table(report));
  if (report.calibration)
    out += section(fmt::format("Probabilities: expected calibration error {:.2f}",
                               100 * report.calibration->expected_error),
                   reliability_diagram(report));
  out += section("Labels", label_table(report));
  return out + "</body></html>\n";
}

}  // namespace relatum::task
